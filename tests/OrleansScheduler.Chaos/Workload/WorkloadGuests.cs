namespace OrleansScheduler.Chaos;

/// <summary>
/// Somebody for whose jobs others have to make room: one job has all the seats that there are, and now and then another one comes that is
/// more important, takes a seat, and goes again.
/// </summary>
internal sealed class WorkloadGuests(string name, ClusterDriver cluster, History history, Witness witness, int seed)
    : Requester(name, cluster, history, seed)
{
    /// <summary>How long a guest waits for his seat at most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long it is tried to have him go: longer than any fault lasts.</summary>
    private static readonly TimeSpan LeavePatience = TimeSpan.FromMinutes(3);
    private readonly int _seats = cluster.Agents.Count;
    private int _made;

    public async Task Run(CancellationToken cancellationToken)
    {
        await SubmitJob(WorkloadJob.Filler(_seats), witness, SchedulerClient.NewOperationId());
        while (!cancellationToken.IsCancellationRequested)
        {
            await Pause(4, 12, cancellationToken);
            var guest = WorkloadJob.Guest($"guest-{++_made}");
            if (await SubmitJob(guest, witness, SchedulerClient.NewOperationId()))
            {
                await Seated(guest);
                await Pause(2, 6, cancellationToken);
            }

            await Leave(guest);
        }
    }

    private Task Seated(WorkloadJob guest) => Until(
        async () => (await Gateway().DescribeJobAsync(guest.Key)).Value is { Phase: JobPhase.Running }, Patience);

    /// <summary>Also when the run is over: what is left is judged with the filler on all seats.</summary>
    private Task Leave(WorkloadJob guest) => Until(
        async () => await StopJob(guest)
            || (await Gateway().DescribeJobAsync(guest.Key)).Problem is { Kind: ProblemKind.NotFound }, LeavePatience);
}
