using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>Makes nodes and jobs for a simulation, from a few numbers or from a trace.</summary>
/// <param name="prefix">Names of jobs begin with it, so that two simulations on a cell do not mix.</param>
/// <param name="roles">Jobs belong to so many roles in turn.</param>
/// <param name="mayFail">Whether attempts may fail: then they are tried again for as long as it takes.</param>
internal sealed class LoadPlan(string prefix, int roles, bool mayFail)
{
    private const string Environment = "test";
    private const string Model = "model";

    /// <summary>Equal nodes.</summary>
    public static ImmutableArray<NodeDescription> Nodes(int count, Resources capacity) =>
        [.. Enumerable.Range(0, count).Select(i => Node(i, new(capacity, "")))];

    /// <summary>The nodes of a list, over and over until there are <paramref name="count"/>.</summary>
    public static ImmutableArray<NodeDescription> Nodes(IReadOnlyList<TraceNode> list, int? count) =>
        [.. Enumerable.Range(0, count ?? list.Count).Select(i => Node(i, list[i % list.Count]))];

    /// <summary>Equal jobs.</summary>
    /// <param name="tasks">How many tasks; null for no end.</param>
    /// <param name="size">Tasks of a job.</param>
    /// <param name="request">What a task holds.</param>
    /// <param name="duration">How long it runs; zero for ever.</param>
    /// <param name="rate">Tasks a second, at the times of a Poisson process; null at once.</param>
    /// <param name="seed">Makes other times.</param>
    public IEnumerable<PlannedJob> Equal(int? tasks, int size, Resources request, TimeSpan duration, double? rate, int seed)
    {
        var random = new Random(seed);
        var due = 0.0;
        for (var (job, left) = (0, tasks ?? int.MaxValue); left > 0; job++)
        {
            var instances = Math.Min(size, left);
            if (tasks is not null) left -= instances;
            if (rate is { } perSecond) due += -Math.Log(1 - random.NextDouble()) * instances / perSecond;
            yield return Job(job, instances, request, [], duration, TimeSpan.FromSeconds(due));
        }
    }

    /// <summary>The jobs of a trace, <paramref name="speed"/> times as fast.</summary>
    public IEnumerable<PlannedJob> Of(IReadOnlyList<TraceTask> trace, double speed)
    {
        var start = trace.Min(task => task.ArrivesAt);
        foreach (var (number, task) in trace.OrderBy(task => task.ArrivesAt).Index())
        {
            var models = task.Models.Split('|', StringSplitOptions.RemoveEmptyEntries);
            ImmutableArray<Constraint> constraints = models.Length == 0 ? [] : [new Constraint.Value(Model, [.. models], Negated: false)];

            // Zero would be for ever.
            var duration = TimeSpan.FromSeconds(Math.Max(task.RunsFor / speed, 0.001));
            yield return Job(
                number, task.Pieces, task.Request, constraints, duration, TimeSpan.FromSeconds((task.ArrivesAt - start) / speed));
        }
    }

    private static NodeDescription Node(int index, TraceNode node) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"sim-{index:00000}"),
        Host = "simulated",
        Capacity = node.Capacity,
        Attributes = node.Model.Length == 0
            ? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
            : ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal).Add(Model, [node.Model]),
        BootId = "simulated",
        AgentVersion = Product.Version,
    };

    private PlannedJob Job(
        int number, int instances, Resources request, ImmutableArray<Constraint> constraints, TimeSpan duration, TimeSpan due)
    {
        var role = number % roles;
        var spec = new JobSpec
        {
            Key = new($"sim{role}", Environment, string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}")),
            Type = duration == TimeSpan.Zero ? JobType.Service : JobType.Batch,
            Instances = instances,
            Task = new()
            {
                Command = ["true"],
                Resources = request with { CpuMillis = Math.Max(1, request.CpuMillis), MemoryMiB = Math.Max(1, request.MemoryMiB) },
            },
            Constraints = constraints,
            Retry = mayFail
                ? new() { MaxFailures = -1, BackoffInitial = TimeSpan.FromSeconds(1), BackoffMax = TimeSpan.FromSeconds(5) }
                : new(),
        };
        return new(spec, duration, due, role);
    }
}
