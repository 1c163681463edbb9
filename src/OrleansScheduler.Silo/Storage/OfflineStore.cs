using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>The configured store, opened without a silo: what works on a cell that does not run uses it.</summary>
internal sealed class OfflineStore : IAsyncDisposable
{
    private readonly SiloLifecycleSubject _lifecycle;

    private OfflineStore(IGrainStorage storage, SiloLifecycleSubject lifecycle) => (Storage, _lifecycle) = (storage, lifecycle);

    /// <summary>The store.</summary>
    public IGrainStorage Storage { get; }

    /// <summary>Opens the store of a host that is a silo and was not started.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<OfflineStore> Open(IServiceProvider services, CancellationToken cancellationToken)
    {
        // Providers open themselves in the silo's life cycle; this is one with nothing else in it.
        var lifecycle = new SiloLifecycleSubject(services.GetRequiredService<ILogger<SiloLifecycleSubject>>());
        var storage = services.GetRequiredService<IGrainStorage>();
        if (storage is ILifecycleParticipant<ISiloLifecycle> participant) participant.Participate(lifecycle);
        await lifecycle.OnStart(cancellationToken);
        return new(storage, lifecycle);
    }

    /// <summary>Closes it.</summary>
    public async ValueTask DisposeAsync() => await _lifecycle.OnStop(CancellationToken.None);
}
