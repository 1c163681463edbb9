namespace OrleansScheduler.Chaos;

/// <summary>
/// Somebody who releases one version after the other, of which some fail and have to be rolled back. Pauses the cron job when the run is
/// over.
/// </summary>
internal sealed class WorkloadDeployer(string name, ClusterDriver cluster, History history, Witness witness, int seed)
    : Requester(name, cluster, history, seed)
{
    /// <summary>How long the last update may take to end; after that its job is judged as it is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);
    private int _made;

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(Random.Next(5, 15)), TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var mark = $"{(Random.Next(3) == 0 ? WorkloadJob.Bad : "good")}-{++_made}";
            await Change(
                Line("deploy", WorkloadJob.Rolling) with { Target = mark },
                (client, key) => client.SubmitJobsAsync(WorkloadJob.Rolling.File(witness, mark), key),
                (line, answer) => line with { Version = answer.Jobs[0].Version, Outcome = answer.Jobs[0].Outcome });
        }

        await Change(
            Line("pause", WorkloadJob.Cron),
            (client, key) => client.CommandCronJobAsync(WorkloadJob.Cron.Key, CronVerb.Pause, key), static (line, _) => line);
        var until = BootClock.Now + Patience.TotalSeconds;
        while (BootClock.Now < until && !await IsRolledOut()) await Task.Delay(LookAgain, TimeProvider.System, CancellationToken.None);
    }

    private async Task<bool> IsRolledOut() =>
        (await Gateway().DescribeJobAsync(WorkloadJob.Rolling.Key)).Value is { Update: null or { EndedAt: not null } };
}
