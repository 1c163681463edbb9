using System.Diagnostics;
using System.Security.Cryptography;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Exchanges the parts of a cell one by one, each only after the one before is ready again, and measures what users notice.
/// </summary>
internal sealed class UpgradeMeasure(ClusterDriver cluster, int users, int tasks)
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>There in the order that the documents name, and back in the opposite one.</summary>
    public async Task<UpgradeReport> Run(string first, string second, CancellationToken cancellationToken)
    {
        var steady = new SteadyTasks(cluster, tasks);
        await steady.Start(Patience);
        using var end = new CancellationTokenSource();
        var load = new UpgradeLoad(cluster, users);
        var working = load.Run(end.Token);
        var steps = ImmutableArray.CreateBuilder<UpgradeStep>();
        ImmutableArray<CellProcess> order = [.. cluster.Processes];
        foreach (var process in order) await Add(process, second);
        foreach (var process in order.Reverse()) await Add(process, first);
        await end.CancelAsync();
        await working;
        return new UpgradeReport(BuildOf(first), BuildOf(second), users, tasks, steps.ToImmutable())
        {
            Restarted = steady.Restarted(),
            FirstFailures = load.FirstFailures,
        };

        async Task Add(CellProcess process, string build)
        {
            cancellationToken.ThrowIfCancellationRequested();
            steps.Add(await Exchange(process, build, load));
            Console.Error.WriteLine(steps[^1]);
        }
    }

    private async Task<UpgradeStep> Exchange(CellProcess process, string build, UpgradeLoad load)
    {
        _ = load.Take();
        var generation = await GenerationOf(process);
        var started = Stopwatch.GetTimestamp();
        var ended = await process.Stop(EndTime);
        var (stopped, code) = (Stopwatch.GetElapsedTime(started), process.ExitCode);
        process.Exchange(build);
        process.Start();
        await Ready(process, generation);
        await cluster.Settled(Patience);
        var ready = Stopwatch.GetElapsedTime(started);
        await Task.Delay(Rest, TimeProvider.System);
        return new()
        {
            Part = process.Name,
            Build = BuildOf(build),
            StopMs = Math.Round(stopped.TotalMilliseconds),
            ReadyMs = Math.Round(ready.TotalMilliseconds),
            IsForced = !ended,
            ExitCode = code,
            Noticed = load.Take(),
        };
    }

    /// <summary>
    /// Waits for the process itself: the others alone make the cell answer. One that could not start is started again, as a supervisor
    /// does.
    /// </summary>
    private async Task Ready(CellProcess process, long generation)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var started = Stopwatch.GetTimestamp();
        while (!await IsReady())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException($"{process.Name} is not ready; see {process.Log}");
            process.Start();
            await Task.Delay(LookAgain, TimeProvider.System);
        }

        async Task<bool> IsReady()
        {
            if (process.Health is not { } health) return await GenerationOf(process) > generation;
            try
            {
                using var answer = await http.GetAsync(new Uri(health, "/healthz/ready"));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }
    }

    /// <summary>How often an agent's node has registered; 0 for what is no agent, and when the cell does not say.</summary>
    private async Task<long> GenerationOf(CellProcess process)
    {
        if (!cluster.Agents.Contains(process)) return 0;
        using var client = cluster.Client();
        return (await client.DescribeNodeAsync(process.Name.Replace("agent", "node", StringComparison.Ordinal))).Value?.Generation ?? 0;
    }

    /// <summary>Builds of one version are told apart by the content of one of their assemblies.</summary>
    private static string BuildOf(string executable) => Convert.ToHexStringLower(
        SHA256.HashData(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(executable)!, "OrleansScheduler.Silo.dll"))))[..8];
}
