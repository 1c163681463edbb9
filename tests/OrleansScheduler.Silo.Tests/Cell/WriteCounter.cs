using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Stands before the store, counts what is written to it, and holds up or keeps quiet about what it is told to.</summary>
internal sealed class WriteCounter
{
    private int _count;

    private volatile TaskCompletionSource? _held;
    private volatile string? _holds;
    private volatile string? _silent;
    private int _waiting;

    /// <summary>Writes that wait because of <see cref="Hold"/>.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public int Count => Volatile.Read(ref _count);

    /// <summary>From here on what is written for this grain waits.</summary>
    public void Hold(string grain) => (_held, _holds) = (new(TaskCreationOptions.RunContinuationsAsynchronously), grain);

    /// <summary>The next write for this grain is done, and who wrote it does not hear of that.</summary>
    public void Silence(string grain) => _silent = grain;

    /// <summary>Lets all go on.</summary>
    public void Release()
    {
        _holds = null;
        _held?.SetResult();
    }

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

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Interlocked.Increment(ref counter._count);
            if (counter._holds == grainId.ToString())
            {
                Interlocked.Increment(ref counter._waiting);
                await counter._held!.Task;
                Interlocked.Decrement(ref counter._waiting);
            }

            var before = grainState.ETag;
            await inner.WriteStateAsync(stateName, grainId, grainState);
            if (counter._silent != grainId.ToString()) return;
            counter._silent = null;
            grainState.ETag = before;
            throw new TimeoutException("The store does not answer.");
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            inner.ClearStateAsync(stateName, grainId, grainState);

        public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);
    }
}
