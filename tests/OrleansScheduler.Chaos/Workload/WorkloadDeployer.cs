namespace OrleansScheduler.Chaos;

/// <summary>
/// Somebody who releases one version after the other, of which some fail and have to be rolled back. When the run is over, and nothing is
/// broken any more, a good one and a bad one, so that it is clear what must be left; and the cron job is paused.
/// </summary>
internal sealed class WorkloadDeployer(string name, ClusterDriver cluster, History history, Witness witness, int seed)
    : Requester(name, cluster, history, seed)
{
    /// <summary>How long an update may take to end; after that its job is judged as it is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private int _made;

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Pause(5, 15, cancellationToken);
            await Deploy(isBad: Random.Next(3) == 0);
        }

        await Change(
            Line("pause", WorkloadJob.Cron),
            (client, key) => client.CommandCronJobAsync(WorkloadJob.Cron.Key, CronVerb.Pause, key), static (line, _) => line);
        await RolledOut();
        await Deploy(isBad: false);
        await RolledOut();
        await Deploy(isBad: true);
        await RolledOut();
    }

    private Task<bool> Deploy(bool isBad)
    {
        var mark = $"{(isBad ? WorkloadJob.Bad : "good")}-{++_made}";
        return Change(
            Line("deploy", WorkloadJob.Rolling) with { Target = mark },
            (client, key) => client.SubmitJobsAsync(WorkloadJob.Rolling.File(witness, mark), key),
            (line, answer) => line with { Version = answer.Jobs[0].Version, Outcome = answer.Jobs[0].Outcome });
    }

    private Task RolledOut() => Until(
        async () => (await Gateway().DescribeJobAsync(WorkloadJob.Rolling.Key)).Value is { Update: null or { EndedAt: not null } },
        Patience);
}
