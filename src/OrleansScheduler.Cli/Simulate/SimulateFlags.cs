using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>The options of <c>osched simulate</c>, and what they mean together.</summary>
internal sealed class SimulateFlags
{
    private const int MostNodes = 100_000;
    private const int DefaultNodes = 100;
    private const int DefaultTasks = 1_000;
    private static readonly Resources NodeSize = new(64_000, 256 * 1024, 0, 0);
    private static readonly string[] NodeLists = ["nodes.csv", "machines.csv"];
    private static readonly Resources TaskSize = new(100, 64, 0, 0);

    private readonly Option<int?> _nodes = Whole("--nodes", "Virtual nodes; 100, or those of the trace, when it is not given", MostNodes);
    private readonly Option<int?> _tasks = Whole(
        "--tasks", "Tasks of the load, 1000 when it is not given; with --run-for as many as may be unfinished at once", 100_000_000);

    private readonly Option<string?> _trace = File(
        "--trace", "Tasks from a CSV, .gz or not (see the benchmarks' README), or 'openb' for the one that comes with the program");

    private readonly Option<string?> _traceNodes = File(
        "--trace-nodes", "Nodes from a CSV; else nodes.csv or machines.csv beside the trace");
    private readonly Option<TimeSpan?> _duration = Arguments.Duration(
        "--duration", "How long a task runs; for ever when it is not given");
    private readonly Option<double> _spread = Share("--spread", "Part of --duration by which tasks are shorter or longer, 0 to 1");
    private readonly Option<double> _failRate = Share("--fail-rate", "Share of runs that exit 1, 0 to 1; they are tried again");
    private readonly Option<TimeSpan?> _startDelay = Arguments.Duration(
        "--start-delay", "From the command to RUNNING; none when not given");
    private readonly Option<double?> _speed = AboveZero("--speed", "Times as fast as the trace: arrivals and run times; 1 when not given");
    private readonly Option<int> _jobSize = Arguments.Positive("--job-size", "Tasks of a job", 100);
    private readonly Option<int> _roles = Arguments.Positive("--roles", "Roles that jobs belong to in turn", 1);
    private readonly Option<LoadMode> _mode = Arguments.Choice(
        "--mode", "Whether load waits for the cell or comes at its own times", LoadMode.Closed);

    private readonly Option<double?> _rate = AboveZero("--rate", "Tasks a second, with --mode open");
    private readonly Option<TimeSpan?> _runFor = Arguments.Duration("--run-for", "How long load comes; until it is all in when not given");
    private readonly Option<int> _submitters = Arguments.Positive("--submitters", "Requests under way at once", 16);
    private readonly Option<int> _perRequest = Arguments.Positive("--jobs-per-request", "Jobs in one request", 1);
    private readonly Option<int> _seed = Arguments.Positive("--seed", "Makes another run of the same kind", 1);
    private readonly Option<long?> _nodeCpu = Arguments.Amount("--node-cpu", "Processors of a node, 64 when not given", Units.ParseMillis);
    private readonly Option<long?> _nodeMemory = Arguments.Amount(
        "--node-memory", "Memory of a node, 256GiB when not given", Units.ParseMiB);
    private readonly Option<long?> _taskCpu = Arguments.Amount("--task-cpu", "Processors of a task, 0.1 when not given", Units.ParseMillis);
    private readonly Option<long?> _taskMemory = Arguments.Amount(
        "--task-memory", "Memory of a task, 64MiB when not given", Units.ParseMiB);
    private readonly Option<TimeSpan?> _patience = Arguments.Duration(
        "--patience", "End without any progress for so long; 30s when not given");

    /// <summary>Whether the cell is a private one.</summary>
    public Option<bool> Embedded { get; } = new("--embedded")
    {
        Description = "Start a cell for it in another process, and end it with it",
    };

    /// <summary>How often agents of the private cell say that they live.</summary>
    public Option<TimeSpan?> Heartbeat { get; } = Arguments.Duration(
        "--heartbeat", "How often agents say that they live, with --embedded");

    /// <summary>Where agents connect.</summary>
    public Option<string?> Agents { get; } = AddressOf(
        "--agents", "Where agents connect; the gateway's host and next port when not given");

    /// <summary>Where the processes of the cell serve metrics.</summary>
    public Option<ImmutableArray<Uri>> Metrics { get; } = Arguments.Several(
        "--metrics", "Where the cell's silos and gateways serve metrics, for its processor time; the gateway's when not given", "url",
        text => GlobalOptions.Address(text) is { } address
            ? (Answer<Uri>)address
            : Problem.Of(ProblemKind.Malformed, "bad-address", $"'{text}': expected an address such as http://127.0.0.1:7072/metrics"));

    /// <summary>All of them, for the verb.</summary>
    public Symbol[] All =>
    [
        _nodes, _tasks, _trace, _traceNodes, _duration, _spread, _failRate, _startDelay, _speed, _jobSize, _roles, _mode, _rate, _runFor,
        _submitters, _perRequest, _seed, _nodeCpu, _nodeMemory, _taskCpu, _taskMemory, _patience, Embedded, Heartbeat, Agents, Metrics,
    ];

    /// <summary>What does not go together; null when all does.</summary>
    public string? Conflict(Session session)
    {
        var hasTrace = session.Value(_trace) is not null;
        if (hasTrace && session.Value(_tasks) is not null) return "--tasks and --trace: one of them";
        if (hasTrace && session.Value(_duration) is not null) return "--duration: the trace says how long tasks run; use --speed";
        if (hasTrace && session.Value(_rate) is not null) return "--rate: the trace says when tasks come; use --speed";
        if (!hasTrace && session.Value(_speed) is not null) return "--speed goes with --trace";
        if (!hasTrace && session.Value(_traceNodes) is not null) return "--trace-nodes goes with --trace";
        if (session.Value(_mode) == LoadMode.Open && !hasTrace && session.Value(_rate) is null) return "--mode open needs --rate";
        if (session.Value(_mode) == LoadMode.Closed && session.Value(_rate) is not null) return "--rate goes with --mode open";
        if (!session.Value(Embedded) && session.Value(Heartbeat) is not null)
            return "--heartbeat goes with --embedded; another cell has Cell:HeartbeatPeriod";
        if (session.Value(Embedded) && session.Value(Agents) is not null) return "--agents and --embedded: one of them";
        if (session.Value(_jobSize) > JobLimits.MaxInstances) return $"--job-size: a job has at most {JobLimits.MaxInstances} tasks";
        if (session.Value(_perRequest) > JobLimits.MaxDocuments)
            return $"--jobs-per-request: a request has at most {JobLimits.MaxDocuments} jobs";
        if (session.Value(_runFor) is not null && !hasTrace && session.Value(_duration) is null && session.Value(_mode) == LoadMode.Closed)
            return "--run-for needs --duration: tasks that run for ever leave no room for others";
        return session.Value(Heartbeat) is { } period && (period < TimeSpan.FromMilliseconds(50) || period > TimeSpan.FromSeconds(30))
            ? "--heartbeat: expected 50ms to 30s"
            : null;
    }

    /// <summary>What is simulated.</summary>
    /// <exception cref="InvalidDataException">The trace cannot be read.</exception>
    public SimulationOptions Read(Session session)
    {
        var (roles, failRate, seed) = (session.Value(_roles), session.Value(_failRate), session.Value(_seed));
        var plan = new LoadPlan($"s{SchedulerClient.NewOperationId()[..12]}", roles, failRate > 0);
        var options = new SimulationOptions
        {
            Nodes = LoadPlan.Nodes(session.Value(_nodes) ?? DefaultNodes, NodeSize with
            {
                CpuMillis = session.Value(_nodeCpu) ?? NodeSize.CpuMillis,
                MemoryMiB = session.Value(_nodeMemory) ?? NodeSize.MemoryMiB,
            }),
            Jobs = [],
            Roles = roles,
            Model = new()
            {
                Seed = seed,
                StartDelay = session.Value(_startDelay) ?? TimeSpan.Zero,
                Spread = session.Value(_spread),
                FailureRate = failRate,
            },
            Mode = session.Value(_mode),
            RunFor = session.Value(_runFor),
            Submitters = session.Value(_submitters),
            JobsPerRequest = session.Value(_perRequest),
            Patience = session.Value(_patience) ?? TimeSpan.FromSeconds(30),
        };
        if (session.Value(_trace) is { } trace) return WithTrace(options, trace, plan, session);
        var tasks = session.Value(_tasks) ?? DefaultTasks;
        var request = TaskSize with
        {
            CpuMillis = session.Value(_taskCpu) ?? TaskSize.CpuMillis,
            MemoryMiB = session.Value(_taskMemory) ?? TaskSize.MemoryMiB,
        };
        return options with
        {
            Jobs = plan.Equal(
                options.RunFor is null ? tasks : null, session.Value(_jobSize), request, session.Value(_duration) ?? TimeSpan.Zero,
                session.Value(_rate), seed),
            MostUnfinished = options.RunFor is null ? null : tasks,
        };
    }

    private SimulationOptions WithTrace(SimulationOptions options, string trace, LoadPlan plan, Session session)
    {
        var isOurs = trace == "openb" && !System.IO.File.Exists(trace);
        var tasks = WorkloadTrace.ReadTasks(isOurs ? null : trace);
        var beside = NodeLists.Select(name => Path.Combine(Path.GetDirectoryName(trace) ?? "", name));
        var list = session.Value(_traceNodes) ?? (isOurs ? null : beside.FirstOrDefault(System.IO.File.Exists));
        var nodes = list is not null || isOurs
            ? LoadPlan.Nodes(WorkloadTrace.ReadNodes(list), session.Value(_nodes))
            : options.Nodes;
        return options with { Nodes = nodes, Jobs = plan.Of(tasks, session.Value(_speed) ?? 1), Mode = LoadMode.Open };
    }

    private static Option<int?> Whole(string name, string description, int most)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (Number(result) is not { } value || value < 1 || value > most || value != Math.Floor(value))
                result.AddError($"{name}: expected a whole number from 1 to {most}");
        });
        return option;
    }

    private static Option<double> Share(string name, string description)
    {
        var option = new Option<double>(name) { Description = description, HelpName = "share", DefaultValueFactory = _ => 0 };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && Number(result) is not (>= 0 and <= 1))
                result.AddError($"{name}: expected a number from 0 to 1");
        });
        return option;
    }

    private static Option<double?> AboveZero(string name, string description)
    {
        var option = new Option<double?>(name) { Description = description, HelpName = "number" };
        option.Validators.Add(result =>
        {
            if (Number(result) is not > 0) result.AddError($"{name}: expected a number above 0");
        });
        return option;
    }

    private static double? Number(OptionResult result) =>
        result.Tokens is [var token, ..]
        && double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "file" };

    private static Option<string?> AddressOf(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "url" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && GlobalOptions.Address(text) is null)
                result.AddError($"{name}: expected an address such as http://127.0.0.1:7071");
        });
        return option;
    }
}
