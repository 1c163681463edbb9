using System.Collections.Concurrent;

namespace OrleansScheduler.Gateway.Tests;

/// <summary>What the fake grains know: tests set it up and look into it.</summary>
public sealed class FakeCell
{
    public CellRecord Record { get; set; } = new() { Name = "test", StoreIncarnation = 1 };

    public ConcurrentDictionary<JobKey, JobView> Jobs { get; } = new();

    public ConcurrentDictionary<JobKey, ImmutableArray<TaskView>> Tasks { get; } = new();

    public ConcurrentDictionary<JobKey, ImmutableArray<VersionView>> Versions { get; } = new();

    public ConcurrentDictionary<string, (object Command, Answer<SubmitReceipt> Answer)> Operations { get; } = new();

    public ConcurrentQueue<object> Commands { get; } = new();

    public ConcurrentDictionary<string, NodeView> Nodes { get; } = new();

    public ConcurrentDictionary<JobKey, ExplainView> Explanations { get; } = new();

    public ConcurrentDictionary<string, RoleView> Roles { get; } = new();

    /// <summary>What the ledger was asked to try.</summary>
    public ConcurrentQueue<WhatIf> Questions { get; } = new();

    /// <summary>What it answers.</summary>
    public WhatIfView Outlook { get; } = new() { Summary = "Nothing changes.", Cell = new(1, 1, default, default, default, default, 0, 0) };

    public ConcurrentDictionary<(string Task, string Stream), FakeLog> Logs { get; } = new();

    public FakeFeed Feed { get; } = new();

    public FakeAgents Agents { get; } = new();

    /// <summary>Adds a job with as many running tasks.</summary>
    public JobView AddJob(string key, int instances = 1, Func<int, TaskView, TaskView>? change = null)
    {
        var job = JobKey.Parse(key);
        var spec = new JobSpec { Key = job, Type = JobType.Service, Instances = instances, Task = new() { Command = ["true"] } };
        Tasks[job] = [.. Enumerable.Range(0, instances).Select(instance => (change ?? ((_, task) => task))(instance, new TaskView
        {
            Job = job,
            Instance = instance,
            Attempt = 1,
            Status = ScheduleStatus.Running,
            Node = "n1",
            Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 31_000 + instance),
            Version = 1,
        }))];
        var counts = Tasks[job].GroupBy(task => task.Status.ToName())
            .ToImmutableSortedDictionary(group => group.Key, group => group.Count());
        return Jobs[job] = new()
        {
            Key = job,
            Type = JobType.Service,
            Phase = JobPhase.Running,
            Instances = instances,
            Version = 3,
            Counts = counts,
            Spec = spec,
        };
    }

    public NodeView AddNode(string id) => Nodes[id] = new()
    {
        Description = new() { Id = id, Host = id, Capacity = new(4000, 8192, 100_000, 0), FirstPort = 31_000, PortCount = 1000 },
        Status = "ready",
        Used = new(500, 256, 0, 0),
        Tasks = 2,
        Generation = 1,
    };
}

/// <summary>Output of a task that grows while a test watches.</summary>
public sealed class FakeLog
{
    private readonly Lock _lock = new();
    private readonly List<byte> _bytes = [];
    private bool _ended;

    public int Reads { get; private set; }

    /// <summary>Answered instead of output as long as it is set.</summary>
    public Problem? Trouble { get; set; }

    public void Write(string text)
    {
        lock (_lock) _bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(text));
    }

    public void End()
    {
        lock (_lock) _ended = true;
    }

    public Answer<LogChunk> Read(LogQuery query)
    {
        lock (_lock)
        {
            Reads++;
            if (Trouble is not null) return Trouble;
            var offset = (int)Math.Clamp(query.Offset < 0 ? _bytes.Count + query.Offset : query.Offset, 0, _bytes.Count);
            var data = _bytes.Skip(offset).Take(query.MaxBytes).ToImmutableArray();
            return new LogChunk(query.Attempt == 0 ? 7 : query.Attempt, offset, data, _ended && offset + data.Length == _bytes.Count);
        }
    }
}

/// <summary>An event feed whose cursors are numbers.</summary>
public sealed class FakeFeed
{
    private readonly Lock _lock = new();
    private readonly List<EventView> _events = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cursors below this are no longer kept.</summary>
    public int Oldest { get; set; }

    /// <summary>Longest real time that a read waits, whatever it was asked for.</summary>
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The cursor of the last event.</summary>
    public string End
    {
        get
        {
            lock (_lock) return $"{_events.Count}";
        }
    }

    public void Publish(params ReadOnlySpan<string> messages)
    {
        foreach (var message in messages) Publish(new EventView { Kind = "task", Status = "RUNNING", Message = message });
    }

    public void Publish(EventView happened)
    {
        lock (_lock)
        {
            _events.Add(happened with { Cursor = $"{_events.Count + 1}" });
            _more.TrySetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task<Answer<EventPage>> Read(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (after is not null && int.Parse(after) < Oldest)
            return Problem.Of(ProblemKind.Expired, "cursor-expired", "The cursor is from before what is held.");
        if (Take(after, limit, out var more) is { Events.IsEmpty: false } page) return page;
        await Task.WhenAny(more, Task.Delay(wait < LongestWait ? wait : LongestWait, cancellationToken));
        return Take(after, limit, out _);
    }

    private EventPage Take(string? after, int limit, out Task more)
    {
        lock (_lock)
        {
            more = _more.Task;
            var from = after is null ? Oldest : int.Parse(after);
            var events = _events.Skip(from).Take(limit).ToImmutableArray();
            return new(events, $"{from + events.Length}");
        }
    }
}

/// <summary>What node grains have heard from agents, and what they answer.</summary>
public sealed class FakeAgents
{
    public ConcurrentDictionary<string, IAgentSession> Sessions { get; } = new();

    public ConcurrentDictionary<string, NodeDescription> Registered { get; } = new();

    public ConcurrentQueue<(string Node, AttemptReport Report)> Reports { get; } = new();

    public ConcurrentQueue<(string Node, long Generation)> Disconnected { get; } = new();

    public ConcurrentDictionary<string, long> Generations { get; } = new();

    /// <summary>Answers a registration with a problem, by node.</summary>
    public ConcurrentDictionary<string, Problem> Refusals { get; } = new();

    /// <summary>Holds up registrations, by node.</summary>
    public ConcurrentDictionary<string, Func<Task>> BeforeRegister { get; } = new();

    /// <summary>Holds up or fails reports, by node.</summary>
    public ConcurrentDictionary<string, Func<Task>> BeforeReport { get; } = new();

    public ConcurrentDictionary<string, NodeUsage> Usages { get; } = new();

    /// <summary>Nodes whose sessions are told to be over.</summary>
    public ConcurrentDictionary<string, bool> Forgotten { get; } = new();
}
