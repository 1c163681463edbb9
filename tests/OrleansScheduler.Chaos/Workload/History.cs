using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Chaos;

/// <summary>How an operation stands.</summary>
internal enum OutcomeKind
{
    /// <summary>It was sent.</summary>
    Invoke,

    /// <summary>It was done.</summary>
    Ok,

    /// <summary>The cell has said that it did nothing.</summary>
    Fail,

    /// <summary>Nobody knows: it may be done, now or later.</summary>
    Info,

    /// <summary>No operation: a fault begins.</summary>
    Inject,

    /// <summary>No operation: a fault is taken back.</summary>
    Heal,

    /// <summary>No operation: after a fault all is as it should be, or still not when <see cref="HistoryEvent.Code"/> says so.</summary>
    Settled,
}

/// <summary>One line of the history of a run.</summary>
internal sealed record HistoryEvent
{
    /// <summary>When, see <see cref="BootClock"/>.</summary>
    public required double T { get; init; }

    /// <summary>Who: a client, or <c>nemesis</c>.</summary>
    public required string P { get; init; }

    /// <summary>How it stands.</summary>
    public required OutcomeKind K { get; init; }

    /// <summary>What is done: <c>submit</c>, <c>scale</c>, <c>stop</c>, <c>read</c>, or the class of a fault.</summary>
    public required string Op { get; init; }

    public string? Job { get; init; }

    /// <summary>The operation id; the same again when it is repeated.</summary>
    public string? Key { get; init; }

    /// <summary>How many instances are asked for, or were read.</summary>
    public int? Instances { get; init; }

    /// <summary>Version that the job must have.</summary>
    public int? Expected { get; init; }

    /// <summary>Version in the answer.</summary>
    public int? Version { get; init; }

    /// <summary>Revision in the answer.</summary>
    public long? Revision { get; init; }

    /// <summary>What the receipt says.</summary>
    public string? Outcome { get; init; }

    /// <summary>Code of the problem.</summary>
    public string? Code { get; init; }

    /// <summary>What is broken, and how.</summary>
    public string? Target { get; init; }

    /// <summary>Nodes that a fault takes part of.</summary>
    public ImmutableArray<string>? Nodes { get; init; }

    /// <summary>Seconds that something took.</summary>
    public double? Took { get; init; }

    /// <summary>Processes that wanted to run, for each processor, on average over that time.</summary>
    public double? Load { get; init; }
}

/// <summary>Everything that clients and faults did, in order, also in a file (one JSON object a line).</summary>
internal sealed class History : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    private readonly Lock _gate = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly StreamWriter _file;

    public History(string path) => _file = new(path);

    public void Add(HistoryEvent e)
    {
        lock (_gate)
        {
            _events.Add(e);
            _file.WriteLine(JsonSerializer.Serialize(e, Json));
        }
    }

    /// <summary>All so far.</summary>
    public ImmutableArray<HistoryEvent> Read()
    {
        lock (_gate)
        {
            _file.Flush();
            return [.. _events];
        }
    }

    public void Dispose() => _file.Dispose();
}
