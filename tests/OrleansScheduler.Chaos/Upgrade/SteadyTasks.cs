using System.Diagnostics;
using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Tasks that nothing may touch. Each writes its process id to a file of its instance when it starts, so that what came of them is known
/// without asking the cell.
/// </summary>
internal sealed class SteadyTasks(ClusterDriver cluster, int count)
{
    private static readonly JobKey Job = new("chaos", "prod", "steady");
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private string Witness => Path.Combine(cluster.Directory, "witness");

    /// <summary>Starts them; answers when all have said so.</summary>
    public async Task Start(TimeSpan within)
    {
        Directory.CreateDirectory(Witness);
        using var client = cluster.Client();
        var file = $$"""
            job: {{Job.Name}}
            role: {{Job.Role}}
            env: {{Job.Environment}}
            type: service
            instances: {{count}}
            task:
              command: 'echo $$ >> {{Witness}}/$OSCHED_INSTANCE; exec sleep 100000'
              resources: { cpu: 0.1, memory: 8MiB }
            """;
        var answer = await client.SubmitJobsAsync(JobFileBody.Of("steady.yaml", Encoding.UTF8.GetBytes(file)));
        if (answer.Problem is { } problem) throw new InvalidOperationException($"{problem.Code}: {problem.Message}");
        var started = Stopwatch.GetTimestamp();
        while (Restarted() > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > within) throw new TimeoutException($"{Restarted()} of {count} tasks do not run");
            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }

    /// <summary>Tasks that are not the one process that they were at first.</summary>
    public int Restarted() => Enumerable.Range(0, count).Count(instance =>
    {
        var file = Path.Combine(Witness, $"{instance}");
        string[] pids = File.Exists(file) ? File.ReadAllLines(file) : [];
        return pids.Length != 1 || !Directory.Exists($"/proc/{pids[0]}");
    });
}
