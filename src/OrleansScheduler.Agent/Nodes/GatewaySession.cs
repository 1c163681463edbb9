using System.Threading.Channels;
using Grpc.Core;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>How a session with a gateway ended.</summary>
/// <param name="Retry">Whether another one may go better.</param>
/// <param name="Reason">Why, in a word or two.</param>
/// <param name="Message">Why, for people.</param>
internal sealed record SessionEnd(bool Retry, string Reason, string Message);

/// <summary>One stream to a gateway, from registering to its end.</summary>
internal sealed partial class GatewaySession(
    Protocol.AgentGateway.AgentGatewayClient gateway, NodeDescription node, AttemptTable table, ReportQueue reports,
    CommandHandler commands, NodeLease lease, LogReader logs, SandboxFiles files, ExecSessions execs, ServiceTable services,
    UsageMeter meter, TimeProvider time, ILogger<GatewaySession> logger)
{
    private const int MostUnsent = 64;
    private const int MostLogReads = 64;
    private const int MostExecCalls = 64;
    private const int ToleratedDifferences = 3;
    private const int BeatsPerLease = 3;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);

    /// <summary>Shortest time between two messages about the services that are wanted.</summary>
    private static readonly TimeSpan FollowPace = TimeSpan.FromMilliseconds(20);
    private readonly Channel<Protocol.FromAgent> _unsent = Channel.CreateBounded<Protocol.FromAgent>(MostUnsent);
    private readonly Channel<Protocol.ReadLog> _logReads = Channel.CreateBounded<Protocol.ReadLog>(MostLogReads);
    private readonly Channel<Protocol.ReadFile> _fileReads = Channel.CreateBounded<Protocol.ReadFile>(MostLogReads);
    private int _execCalls;
    private long _generation;
    private long _lastAnswer;
    private int _differences;
    private bool _wasIdle;

    /// <summary>Registers, then talks until the stream ends.</summary>
    public async Task<SessionEnd> Run(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = gateway.Connect(cancellationToken: over.Token);
        var asked = NodeLease.Now;
        var described = node with { DiskPressure = meter.HasDiskPressure };
        var register = new Protocol.FromAgent { Register = described.ToRegister(reports.Begin(), commands.LedgerEpoch) };
        try
        {
            await call.RequestStream.WriteAsync(register, over.Token).WaitAsync(AnswerTime, time, over.Token);
            if (!await call.ResponseStream.MoveNext(over.Token).WaitAsync(AnswerTime, time, over.Token)) return Closed;
            if (call.ResponseStream.Current.Refused is { } refused) return Refusal(refused);
            if (call.ResponseStream.Current.Registered is not { } registered)
                return new(Retry: true, "protocol", "The gateway did not answer the registration.");
            lease.Renew(asked, TimeSpan.FromMilliseconds(registered.LeaseMillis));
            Begin(registered);
            var heartbeat =
                TimeSpan.FromMilliseconds(Math.Clamp(registered.HeartbeatMillis == 0 ? 1000 : registered.HeartbeatMillis, 50, 30_000));
            return await FirstToEnd(
                over, Send(call.RequestStream, over.Token), Beat(heartbeat, registered.LeaseMillis, over.Token), Report(over.Token),
                ReadLogs(over.Token), ReadFiles(over.Token), FollowServices(registered, over.Token), TellUsage(registered, over.Token),
                Listen(call.ResponseStream, over.Token));
        }
        catch (Exception e) when (e is RpcException or TimeoutException or IOException && !cancellationToken.IsCancellationRequested)
        {
            return new(Retry: true, e is RpcException rpc ? rpc.StatusCode.ToString() : "timeout",
                e is RpcException { Status.Detail: var detail } ? detail : e.Message);
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private static SessionEnd Closed { get; } = new(Retry: true, "closed", "The gateway closed the stream.");

    private void Begin(Protocol.Registered registered)
    {
        _generation = registered.Generation;
        _lastAnswer = time.GetTimestamp();
        Acknowledge(registered.Acks);
        commands.Forget(registered.Unknown);
        LogRegistered(node.Id, _generation);
    }

    // The parts end together: each runs until the stream does, and the first to stop ends the others.
    private static async Task<SessionEnd> FirstToEnd(CancellationTokenSource over, params Task<SessionEnd>[] parts)
    {
        var first = await Task.WhenAny(parts);
        await over.CancelAsync();
        await ((Task)Task.WhenAll(parts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await first;
    }

    private async Task<SessionEnd> Send(IClientStreamWriter<Protocol.FromAgent> stream, CancellationToken cancellationToken)
    {
        await foreach (var message in _unsent.Reader.ReadAllAsync(cancellationToken)) await stream.WriteAsync(message, cancellationToken);
        return Closed;
    }

    private async Task<SessionEnd> Beat(TimeSpan period, long leaseMillis, CancellationToken cancellationToken)
    {
        var silence = TimeSpan.FromTicks(Math.Max(AnswerTime.Ticks, 5 * period.Ticks));

        // Strict tasks need their lease renewed well before it is over, however seldom the cell wants to hear of a node.
        var often = leaseMillis > 0 ? Shorter(period, TimeSpan.FromMilliseconds(Math.Max(50, leaseMillis / BeatsPerLease))) : period;
        var last = time.GetTimestamp() - (long)(period.TotalSeconds * time.TimestampFrequency);
        using var timer = new PeriodicTimer(often, time);
        do
        {
            if (time.GetElapsedTime(Interlocked.Read(ref _lastAnswer)) > silence)
                return new(Retry: true, "silent", "The gateway no longer answers.");
            if (!lease.IsGuarding && time.GetElapsedTime(last) < period - (often / 2)) continue;
            last = time.GetTimestamp();
            _wasIdle = reports.IsIdle;

            // When the stream is stuck there is no use in queueing more of these.
            _ = _unsent.Writer.TryWrite(new() { Heartbeat = Heartbeat() });
            reports.Nudge();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
        return Closed;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private Protocol.Heartbeat Heartbeat() => new() { Generation = _generation, Digest = table.Digest, SentMillis = NodeLease.Now };

    private async Task<SessionEnd> Report(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (reports.Next(_generation) is { } message)
                await _unsent.Writer.WriteAsync(new() { Reports = message }, cancellationToken);
            await reports.WaitForWork(cancellationToken);
        }
    }

    private async Task<SessionEnd> Listen(IAsyncStreamReader<Protocol.ToAgent> stream, CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken))
        {
            Interlocked.Exchange(ref _lastAnswer, time.GetTimestamp());
            switch (stream.Current)
            {
                case { Acks: { } acks }:
                    Acknowledge(acks.Acks_);
                    break;
                case { Commands: { } message }:
                    commands.Obey(message, _generation);
                    break;
                case { ReadLog: { } request }:
                    Take(request);
                    break;
                case { Services: { } message }:
                    services.Take(message);
                    break;
                case { ReadFile: { } request }:
                    // One too many gets no answer: whoever asks comes again.
                    _ = _fileReads.Writer.TryWrite(request);
                    break;
                case { ExecCall: { } call }:
                    if (Interlocked.Increment(ref _execCalls) <= MostExecCalls) _ = Exec(call, cancellationToken);
                    else Interlocked.Decrement(ref _execCalls);
                    break;
                case { HeartbeatReply: { Known: false } }:
                    return new(Retry: true, "unknown", "The node is not registered any more.");
                case { HeartbeatReply: { } reply }:
                    lease.Renew(reply.SentMillis, TimeSpan.FromMilliseconds(reply.LeaseMillis));
                    Compare(reply.InSync);
                    break;
                case { Refused: { } refused }:
                    return Refusal(refused);
                default:
                    // A newer gateway may say more than this agent understands.
                    break;
            }
        }

        return Closed;
    }

    private void Acknowledge(IEnumerable<Protocol.Ack> acks)
    {
        var named = new List<(AttemptId, long)>();
        foreach (var ack in acks)
        {
            if (ack.Attempt?.ToAttemptId() is not { } id) continue;
            table.Acknowledge(id, ack.Sequence);
            named.Add((id, ack.Sequence));
        }

        reports.Answered(named);
    }

    // While reports are under way the two sides differ as a matter of course; only a difference that stays needs the whole truth.
    private void Compare(bool inSync)
    {
        _differences = inSync ? 0 : _differences + 1;
        if (inSync || (!_wasIdle && _differences < ToleratedDifferences)) return;
        _differences = 0;
        reports.SayEverything();
    }

    private void Take(Protocol.ReadLog request)
    {
        if (_logReads.Writer.TryWrite(request)) return;
        Answer<LogChunk> busy =
            Problem.Of(ProblemKind.Unavailable, "too-many-readers", "The node is busy with other readers of output; try again.");
        _ = _unsent.Writer.TryWrite(new() { LogData = busy.ToMessage(request.Request) });
    }

    private async Task<SessionEnd> ReadLogs(CancellationToken cancellationToken)
    {
        await foreach (var request in _logReads.Reader.ReadAllAsync(cancellationToken))
        {
            var answer = logs.Read(request.Attempt?.ToAttemptId(), request.Stream, request.Offset, request.MaxBytes);
            await _unsent.Writer.WriteAsync(new() { LogData = answer.ToMessage(request.Request) }, cancellationToken);
        }

        return Closed;
    }

    private async Task<SessionEnd> FollowServices(Protocol.Registered registered, CancellationToken cancellationToken)
    {
        // An older gateway takes what it does not know for a broken agent.
        if (!registered.Reads.Contains("services")) await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        ImmutableArray<JobKey> told = [];
        while (true)
        {
            var wanted = services.Wanted();
            if (!wanted.SequenceEqual(told))
            {
                var message = new Protocol.FollowServices { Services = { wanted.Select(key => key.ToString()) } };
                await _unsent.Writer.WriteAsync(new() { FollowServices = message }, cancellationToken);
                told = wanted;
            }

            await Task.Delay(FollowPace, time, cancellationToken);
            await services.WantsChanged(cancellationToken);
        }
    }

    private async Task<SessionEnd> TellUsage(Protocol.Registered registered, CancellationToken cancellationToken)
    {
        if (!registered.Reads.Contains("usage")) await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        while (true)
        {
            var usage = (await meter.Next(cancellationToken)).Clone();
            usage.Generation = _generation;
            await _unsent.Writer.WriteAsync(new() { Usage = usage }, cancellationToken);
        }
    }

    private async Task<SessionEnd> ReadFiles(CancellationToken cancellationToken)
    {
        await foreach (var request in _fileReads.Reader.ReadAllAsync(cancellationToken))
            await _unsent.Writer.WriteAsync(new() { FileData = files.Read(request) }, cancellationToken);
        return Closed;
    }

    // Beside each other: one that waits for output must not hold up what another one types. Calls beyond the bound get no answer.
    private async Task Exec(Protocol.ExecCall call, CancellationToken cancellationToken)
    {
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await _unsent.Writer.WriteAsync(new() { ExecData = await execs.Exchange(call, cancellationToken) }, cancellationToken);
        }
        catch (Exception e)
        {
            // The session with the gateway has ended, or this command is beyond help; whoever asked is told by the time.
            LogExecFailed(e);
        }
        finally
        {
            Interlocked.Decrement(ref _execCalls);
        }
    }

    private static SessionEnd Refusal(Protocol.Refused refused) => new(refused.Retry, refused.Code, refused.Message);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} is registered; generation {Generation}")]
    private partial void LogRegistered(string node, long generation);

    [LoggerMessage(Level = LogLevel.Debug, Message = "An exchange with a command in a task failed")]
    private partial void LogExecFailed(Exception exception);
}
