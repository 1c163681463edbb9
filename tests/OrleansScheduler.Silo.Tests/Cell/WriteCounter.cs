using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Stands before the store and counts what is written to it.</summary>
internal sealed class WriteCounter
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Reset() => Volatile.Write(ref _count, 0);

    /// <summary>Puts the counter before every registration of the store, named or not.</summary>
    public void Wrap(IServiceCollection services)
    {
        var inner = services.Last(s => s.ServiceType == typeof(IGrainStorage) && s.IsKeyedService && Equals(s.ServiceKey, "Default"));
        services.Remove(inner);
        services.AddKeyedSingleton<IGrainStorage>("Default", (provider, key) =>
            new Counting((IGrainStorage)inner.KeyedImplementationFactory!(provider, key), this));
        services.AddSingleton<IGrainStorage>(provider => provider.GetRequiredKeyedService<IGrainStorage>("Default"));
    }

    private sealed class Counting(IGrainStorage inner, WriteCounter counter) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            inner.ReadStateAsync(stateName, grainId, grainState);

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Interlocked.Increment(ref counter._count);
            return inner.WriteStateAsync(stateName, grainId, grainState);
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            inner.ClearStateAsync(stateName, grainId, grainState);

        public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);
    }
}
