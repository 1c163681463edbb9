using Orleans.Concurrency;

namespace OrleansScheduler.Silo;

/// <summary>Answers on every silo for that silo.</summary>
[StatelessWorker(1)]
internal sealed class HealthGrain(StorageHealth storage) : Grain, IHealthGrain
{
    public Task<SiloHealth> Describe(CancellationToken cancellationToken) => Task.FromResult(new SiloHealth(storage.AwayFor));
}
