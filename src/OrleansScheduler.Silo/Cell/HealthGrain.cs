using Orleans.Concurrency;

namespace OrleansScheduler.Silo;

/// <summary>Answers on every silo for that silo.</summary>
[StatelessWorker(1)]
internal sealed class HealthGrain(StorageHealth storage, MembershipHealth membership) : Grain, IHealthGrain
{
    public Task<SiloHealth> Describe(CancellationToken cancellationToken) =>
        Task.FromResult(new SiloHealth(storage.AwayFor) { MembershipAway = membership.AwayFor });
}
