using System.Threading.Channels;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// An agent without processes: speaks to its node grain as a gateway would, and decides by a function what becomes of an attempt.
/// </summary>
internal sealed class SimulatedNode : IAgentSession, IAsyncDisposable
{
    private readonly INodeGrain _grain;
    private readonly IGrainFactory _grains;
    private readonly NodeDescription _description;
    private readonly Func<AttemptId, ScheduleStatus> _end;
    private readonly Channel<NodeCommands> _commands = Channel.CreateUnbounded<NodeCommands>();
    private readonly Dictionary<AttemptId, AttemptReport> _attempts = [];
    private readonly List<AttemptId> _started = [];
    private CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _lost = new();
    private IAgentSession? _reference;
    private long _generation;
    private Task _loop = Task.CompletedTask;

    private SimulatedNode(IGrainFactory grains, NodeDescription description, Func<AttemptId, ScheduleStatus> end)
    {
        (_grains, _description, _end) = (grains, description, end);
        _grain = grains.GetGrain<INodeGrain>(description.Id);
    }

    /// <summary>Attempts that were started here, in order; one that stands twice was started twice.</summary>
    public IReadOnlyList<AttemptId> Started => _started;

    /// <summary>Highest epoch of the ledger that was obeyed.</summary>
    public long LedgerEpoch { get; set; }

    /// <summary>The lease that the last heartbeat was answered with.</summary>
    public TimeSpan Lease { get; private set; }

    /// <summary>Attempts that the node was told to end because no job wants them.</summary>
    public List<AttemptId> Unwanted { get; } = [];

    /// <summary>Attempts that it was told to end.</summary>
    public List<AttemptId> Killed { get; } = [];

    /// <summary>While it is set, what is told to stop goes on: it ends after it has been told again.</summary>
    public bool IgnoresKills { get; set; }

    /// <summary>While it is set commands are lost on their way and nobody says so, as when a gateway has vanished.</summary>
    public bool LosesCommands { get; set; }

    /// <summary>How many were lost.</summary>
    public int LostCommands { get; private set; }

    public static NodeDescription Describe(string id, long cpu = 64_000, params (string Name, string Value)[] attributes) => new()
    {
        Id = id,
        Host = "127.0.0.1",
        Capacity = new Resources(cpu, 65_536, 65_536, 0),
        FirstPort = 31000,
        PortCount = 1000,
        Attributes = attributes.ToImmutableSortedDictionary(a => a.Name, a => ImmutableArray.Create(a.Value), StringComparer.Ordinal),
    };

    /// <summary>
    /// Registers; from then on every attempt goes through STARTING and RUNNING to what <paramref name="end"/> says, or stays RUNNING when
    /// that is RUNNING.
    /// </summary>
    public static async Task<SimulatedNode> Start(TestCell cell, NodeDescription description, Func<AttemptId, ScheduleStatus> end)
    {
        var node = new SimulatedNode(cell.Grains, description, end);
        await node.Connect();
        return node;
    }

    /// <summary>Registers with another cell, or again with the same, saying all it knows.</summary>
    public async Task Connect(TestCell? cell = null)
    {
        await Disconnect();
        _stop = new CancellationTokenSource();
        var grains = cell?.Grains ?? _grains;
        _reference = grains.CreateObjectReference<IAgentSession>(this);
        var answer = await grains.GetGrain<INodeGrain>(_description.Id).Register(
            _description, [.. _attempts.Values], LedgerEpoch, _reference);
        _generation = answer.Value!.Generation;
        Acknowledge(answer.Value.Acks);
        Unwanted.AddRange(answer.Value.Unknown);
        foreach (var unknown in answer.Value.Unknown) _attempts.Remove(unknown);
        _loop = Run(grains.GetGrain<INodeGrain>(_description.Id), _stop.Token);
    }

    /// <summary>Falls silent, as an agent that was killed; what it knows stays.</summary>
    public async Task Disconnect()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task Deliver(NodeCommands commands)
    {
        if (LosesCommands)
        {
            LostCommands++;
            return _lost.Task;
        }

        _commands.Writer.TryWrite(commands);
        return Task.CompletedTask;
    }

    public Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query) =>
        Task.FromResult<Answer<LogChunk>>(new LogChunk(attempt.Number, 0, [.. "hello"u8], true));

    public Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query) =>
        Task.FromResult<Answer<FilePiece>>(new FilePiece([.. "hello"u8], 5, [], false));

    public Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request) =>
        Task.FromResult<Answer<ExecAnswer>>(new ExecAnswer("1", [.. "hello"u8], [], 0, 0));

    public Task Close(string reason) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Disconnect();
        _lost.TrySetException(new IOException("the gateway is gone"));
        _stop.Dispose();
    }

    private async Task Run(INodeGrain grain, CancellationToken stopped)
    {
        using var heartbeat = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var tick = heartbeat.WaitForNextTickAsync(stopped).AsTask();
        await Advance(grain, stopped);
        while (!stopped.IsCancellationRequested)
        {
            var arrived = _commands.Reader.WaitToReadAsync(stopped).AsTask();
            if (await Task.WhenAny(arrived, tick) == tick)
            {
                await tick;
                var digest = _attempts.Values.Aggregate(0UL, (sum, a) => sum + Digest.Of(a.Attempt, a.Sequence));
                var answer = await grain.Heartbeat(_generation, digest, stopped);
                Lease = answer.Lease;
                if (answer is { Known: true, InSync: false })
                    Acknowledge(await grain.Report(_generation, [.. _attempts.Values], full: true, stopped));
                tick = heartbeat.WaitForNextTickAsync(stopped).AsTask();
                continue;
            }

            while (_commands.Reader.TryRead(out var commands)) Obey(commands);
            await Advance(grain, stopped);
        }
    }

    private async Task Advance(INodeGrain grain, CancellationToken stopped)
    {
        while (_attempts.Values.Any(a => Next(a) is not null))
        {
            var reports = _attempts.Values.Select(a => Next(a) ?? a).ToImmutableArray();
            foreach (var report in reports) _attempts[report.Attempt] = report;
            Acknowledge(await grain.Report(_generation, reports, full: false, stopped));
        }
    }

    private void Obey(NodeCommands commands)
    {
        if (commands.Generation < _generation) return;
        foreach (var batch in commands.Launches)
        {
            LedgerEpoch = Math.Max(LedgerEpoch, batch.LedgerEpoch);
            foreach (var launch in batch.Attempts)
            {
                var id = launch.Ref.Of(batch.Job);
                if (_started.Contains(id)) continue;   // a known attempt is not started again
                _started.Add(id);
                _attempts[id] = new AttemptReport { Attempt = id, Sequence = 0, Status = ScheduleStatus.Assigned };
            }
        }

        foreach (var batch in commands.Kills)
        {
            foreach (var id in batch.Attempts.Select(a => a.Of(batch.Job)))
            {
                Killed.Add(id);
                if (!IgnoresKills && _attempts.TryGetValue(id, out var attempt)) _attempts[id] = attempt
                    with
                { Status = ScheduleStatus.Killing };
            }
        }

        Unwanted.AddRange(commands.Unknown);
        foreach (var unknown in commands.Unknown) _attempts.Remove(unknown);
    }

    private AttemptReport? Next(AttemptReport attempt) => attempt.Status switch
    {
        ScheduleStatus.Assigned => attempt with { Status = ScheduleStatus.Starting, Sequence = 1 },
        ScheduleStatus.Starting => attempt with { Status = ScheduleStatus.Running, Sequence = 2 },
        ScheduleStatus.Running when _end(attempt.Attempt) is var end && end != ScheduleStatus.Running =>
            attempt with { Status = end, Sequence = 3, ExitCode = end == ScheduleStatus.Finished ? 0 : 1 },
        ScheduleStatus.Killing => attempt with { Status = ScheduleStatus.Killed, Sequence = 3 },
        _ => null,
    };

    private void Acknowledge(ImmutableArray<AttemptAck> acks)
    {
        foreach (var ack in acks)
        {
            if (_attempts.TryGetValue(ack.Attempt, out var attempt) && attempt.Status.IsTerminal()
                && ack.Sequence >= attempt.Sequence) _attempts.Remove(ack.Attempt);
        }
    }
}
