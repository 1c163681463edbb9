namespace OrleansScheduler.Chaos;

/// <summary>Waits after a fault until the cell is whole and every service has run as many instances as it should.</summary>
internal sealed class Settling(ClusterDriver cluster, History history, Func<ImmutableArray<JobKey>> services)
{
    /// <summary>How long it may take.</summary>
    public static readonly TimeSpan Allowed = TimeSpan.FromSeconds(30);

    /// <summary>After this a run goes on, whatever is not as it should be.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MostReasons = 4;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(3);

    /// <summary>Waits, and puts into the history how long it took.</summary>
    /// <param name="after">The class of the fault.</param>
    public async Task Wait(string after)
    {
        ImmutableArray<SchedulerClient> gateways = [.. cluster.Gateways.Select((_, gateway) => cluster.Client(gateway, RequestPatience))];
        try
        {
            var started = BootClock.Now;
            var looked = started;
            var seen = new HashSet<JobKey>();
            var waits = new Dictionary<string, double>(StringComparer.Ordinal);
            var running = new List<int>();
            while (await Missing(gateways, seen) is { } missing)
            {
                if (BootClock.Now - started > Patience.TotalSeconds)
                {
                    Say(after, started, missing, waits, running);
                    return;
                }

                await Task.Delay(LookAgain, TimeProvider.System);
                waits[missing] = waits.GetValueOrDefault(missing) + BootClock.Now - looked;
                looked = BootClock.Now;
                running.Add(Running());
            }

            Say(after, started, missing: null, waits, running);
        }
        finally
        {
            foreach (var gateway in gateways) gateway.Dispose();
        }
    }

    private void Say(string after, double started, string? missing, Dictionary<string, double> waits, List<int> running)
    {
        history.Add(new()
        {
            T = BootClock.Now,
            P = "nemesis",
            K = OutcomeKind.Settled,
            Op = after,
            Took = Math.Round(BootClock.Now - started, 2),
            Code = missing,
            Outcome = waits.Count == 0 ? null : string.Join("; ", waits.OrderByDescending(wait => wait.Value).Take(MostReasons)
                .Select(wait => string.Create(CultureInfo.InvariantCulture, $"{wait.Value:0.0} s {wait.Key}"))),
            Load = running.Count == 0 ? 0 : Math.Round(running.Average() / Environment.ProcessorCount, 2),
        });
    }

    // Those that want to run now, without this one: a load average still has the minute before in it.
    private static int Running() =>
        int.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[3].Split('/')[0], CultureInfo.InvariantCulture) - 1;

    /// <summary>What is not as it should be; null when all is. A service that was seen well since the fault is not asked again.</summary>
    private async Task<string?> Missing(ImmutableArray<SchedulerClient> gateways, HashSet<JobKey> seen)
    {
        foreach (var gateway in gateways)
        {
            var answer = await gateway.DescribeCellAsync();
            if (answer.Value is not { } cell) return $"{gateway.Gateway}: {answer.Problem!.Code}";
            if (cell.SafeMode) return $"the cell is in safe mode: {cell.SafeModeReason}";
            if (cell.Silos != cluster.Silos.Count) return $"{cell.Silos} silos";

            // Those that an operator has taken out of service are there as well.
            if (cell.Nodes.Where(status => status.Key != "unreachable").Sum(status => status.Value) != cluster.Agents.Count)
                return $"nodes {string.Join(", ", cell.Nodes)}";
            if (cell.Degraded.Length > 0) return $"degraded: {string.Join(", ", cell.Degraded)}";
        }

        foreach (var service in services().Where(service => !seen.Contains(service)))
        {
            var answer = await gateways[0].DescribeJobAsync(service);
            if (answer.Value is not { } job) return $"{service}: {answer.Problem!.Code}";
            var running = job.Counts.GetValueOrDefault("RUNNING");
            if (running != job.Instances) return $"{service}: {string.Join(", ", job.Counts)} of {job.Instances}";
            seen.Add(service);
        }

        return null;
    }
}
