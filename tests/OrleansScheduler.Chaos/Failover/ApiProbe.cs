using System.Diagnostics;
using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>
/// One client that reads and one that writes, each with a request after the other, going round several jobs, so that every silo is asked.
/// A request that fails is repeated for the same job until it succeeds: what is measured is how long a user has to wait.
/// </summary>
internal sealed class ApiProbe(Func<SchedulerClient> connect, ImmutableArray<JobKey> jobs)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private int _answered;
    private int _failed;

    /// <summary>Longest time between two reads that succeeded.</summary>
    public TimeSpan ReadGap { get; private set; }

    /// <summary>Longest time between two changes that succeeded.</summary>
    public TimeSpan WriteGap { get; private set; }

    /// <summary>Requests that were answered.</summary>
    public int Answered => _answered;

    /// <summary>Requests that failed.</summary>
    public int Failed => _failed;

    /// <summary>Job files for the probe: batch jobs that end at once.</summary>
    public static JobFileBody FileOf(JobKey job, int instances = 1) => JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes($$"""
        job: {{job.Name}}
        role: {{job.Role}}
        env: {{job.Environment}}
        type: batch
        instances: {{instances}}
        task:
          command: 'exit 0'
          resources: { cpu: 0.1, memory: 8MiB }
        """));

    /// <summary>Asks until it is cancelled, then one more time each, so that the last gap has an end.</summary>
    public Task Run(CancellationToken cancellationToken) => Task.WhenAll(
        Ask(async (client, job) => (await client.DescribeJobAsync(job)).Problem, gap => ReadGap = gap, cancellationToken),
        Ask(async (client, job) => (await client.ScaleJobAsync(job, 1)).Problem, gap => WriteGap = gap, cancellationToken));

    private async Task Ask(
        Func<SchedulerClient, JobKey, Task<Problem?>> request, Action<TimeSpan> report, CancellationToken cancellationToken)
    {
        using var client = connect();
        var longest = TimeSpan.Zero;
        var last = Stopwatch.GetTimestamp();
        for (var turn = 0; ; turn++)
        {
            while (await request(client, jobs[turn % jobs.Length]) is { Kind: ProblemKind.Unavailable or ProblemKind.OutcomeUnknown })
            {
                lock (_gate) _failed++;
                await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
            }

            lock (_gate) _answered++;
            var gap = Stopwatch.GetElapsedTime(last);
            last = Stopwatch.GetTimestamp();
            if (gap > longest) report(longest = gap);
            if (cancellationToken.IsCancellationRequested) return;
            await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
        }
    }
}
