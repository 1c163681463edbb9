using System.Threading.Channels;
using Grpc.Core;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>One agent's stream while it lives: carries commands down, and heartbeats, reports and output up.</summary>
/// <remarks>
/// A gRPC stream has one writer, so all that goes down passes one bounded channel. Heartbeats and reports each have their own loop: a slow
/// report holds up no heartbeat.
/// </remarks>
internal sealed partial class AgentSession(
    string node, INodeGrain grain, TaskSpecJson specs, TimeSpan heartbeatPeriod, ServiceFollower follower, TimeProvider time,
    ILogger logger) : IAgentSession
{
    private const int MaxOutbound = 256;
    private const int MaxReports = 64;
    private const int MaxMissedHeartbeats = 3;
    private static readonly TimeSpan GrainDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(5);

    private readonly Channel<ToAgent> _outbound = Channel.CreateBounded<ToAgent>(
        new BoundedChannelOptions(MaxOutbound) { SingleReader = true });
    private readonly Channel<Reports> _reports = Channel.CreateBounded<Reports>(MaxReports);
    private readonly Channel<Heartbeat> _heartbeats =
        Channel.CreateBounded<Heartbeat>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Channel<Usage> _usages =
        Channel.CreateBounded<Usage>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly AgentLogReads _logReads = new(time);
    private readonly AgentServices _services = new(follower);
    private readonly AgentQuestions<FileData> _fileReads = new(time);
    private readonly AgentQuestions<ExecData> _execCalls = new(time);
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public async Task Deliver(NodeCommands commands)
    {
        foreach (var message in AgentMessages.Commands(commands, specs)) await Send(message);
    }

    /// <inheritdoc/>
    public Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query) => _logReads.Ask(attempt, query, Send);

    /// <inheritdoc/>
    public async Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query)
    {
        var answer = await _fileReads.Ask(request => SandboxMessages.ReadFile(request, attempt, query), Send);
        return answer.Value is { } data ? SandboxMessages.Read(data) : answer.Problem!;
    }

    /// <inheritdoc/>
    public async Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request)
    {
        var answer = await _execCalls.Ask(number => SandboxMessages.Exec(number, attempt, request), Send);
        return answer.Value is { } data ? SandboxMessages.Read(data) : answer.Problem!;
    }

    /// <inheritdoc/>
    public Task Close(string reason)
    {
        End("session-closed", reason, retry: true);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Carries messages until either side ends; what is on its way down is still written. Throws when the cell could not take a report, so
    /// that the agent repeats it.
    /// </summary>
    /// <returns>Why it ended.</returns>
    public async Task<string> Run(
        RegisterReceipt receipt, IAsyncStreamReader<FromAgent> requests, IServerStreamWriter<ToAgent> responses,
        CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // Commands may already wait: the generation that they carry must reach the agent before them.
        await responses.WriteAsync(AgentMessages.Registered(receipt, heartbeatPeriod), stop.Token);
        var writing = Write(responses, stop.Token);
        Task<string>[] loops =
        [
            writing, Read(receipt.Generation, requests, stop.Token), Report(stop.Token), Beat(stop.Token), TellServices(stop.Token),
            PassUsage(stop.Token), _closed.Task,
        ];
        var first = await Task.WhenAny(loops);

        _outbound.Writer.TryComplete();
        _logReads.Fail();
        _services.End();
        _fileReads.Fail();
        _execCalls.Fail();
        await ((Task)writing.WaitAsync(WriteDeadline, time, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stop.CancelAsync();
        _closed.TrySetCanceled(CancellationToken.None);
        await ((Task)Task.WhenAll(loops)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await first;
    }

    private async Task<string> Write(IServerStreamWriter<ToAgent> responses, CancellationToken cancellationToken)
    {
        await foreach (var message in _outbound.Reader.ReadAllAsync(cancellationToken))
            await responses.WriteAsync(message, cancellationToken);
        return "closed";
    }

    private async Task<string> Read(long generation, IAsyncStreamReader<FromAgent> requests, CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken))
        {
            var message = requests.Current;
            switch (message.BodyCase)
            {
                case FromAgent.BodyOneofCase.Heartbeat when message.Heartbeat.Generation == generation:
                    _heartbeats.Writer.TryWrite(message.Heartbeat);
                    break;
                case FromAgent.BodyOneofCase.Reports when message.Reports.Generation == generation
                    && _reports.Writer.TryWrite(message.Reports):
                    break;
                case FromAgent.BodyOneofCase.LogData:
                    _logReads.Answer(message.LogData);
                    break;
                case FromAgent.BodyOneofCase.FollowServices:
                    _services.Follow(message.FollowServices);
                    break;
                case FromAgent.BodyOneofCase.Usage when message.Usage.Generation == generation:
                    _usages.Writer.TryWrite(message.Usage);
                    break;
                case FromAgent.BodyOneofCase.FileData:
                    _fileReads.Answer(message.FileData.Request, message.FileData);
                    break;
                case FromAgent.BodyOneofCase.ExecData:
                    _execCalls.Answer(message.ExecData.Request, message.ExecData);
                    break;
                default:
                    var reason = $"A {message.BodyCase} of another generation, or more than {MaxReports} unanswered reports.";
                    End("unexpected-message", reason, retry: true);
                    return "unexpected message";
            }
        }

        return "agent left";
    }

    private async Task<string> Report(CancellationToken cancellationToken)
    {
        await foreach (var message in _reports.Reader.ReadAllAsync(cancellationToken))
        {
            if (!AgentMessages.TryRead(message.Reports_, out var reports))
            {
                End("invalid-report", $"A report is wrong: {AgentMessages.ReportRule}.", retry: false);
                return "invalid report";
            }

            var acks = await grain.Report(message.Generation, reports, message.Full, cancellationToken)
                .WaitAsync(GrainDeadline, time, cancellationToken);
            await _outbound.Writer.WriteAsync(AgentMessages.Acks(acks), cancellationToken);
        }

        return "closed";
    }

    private async Task<string> PassUsage(CancellationToken cancellationToken)
    {
        await foreach (var message in _usages.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await grain.ReportUsage(message.Generation, AgentMessages.Read(message), cancellationToken)
                    .WaitAsync(GrainDeadline, time, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The next one comes in seconds, and nothing depends on each.
                LogUsageLost(node, exception.Message);
            }
        }

        return "closed";
    }

    private async Task<string> TellServices(CancellationToken cancellationToken)
    {
        while (await _services.Next(cancellationToken) is { } message) await _outbound.Writer.WriteAsync(message, cancellationToken);
        return "closed";
    }

    private async Task<string> Beat(CancellationToken cancellationToken)
    {
        var missed = 0;
        await foreach (var message in _heartbeats.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                var answer = await grain.Heartbeat(message.Generation, message.Digest, cancellationToken)
                    .WaitAsync(GrainDeadline, time, cancellationToken);
                missed = 0;
                await _outbound.Writer.WriteAsync(AgentMessages.HeartbeatReply(message, answer), cancellationToken);
                if (!answer.Known) return "session is over";
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not ChannelClosedException)
            {
                // The next one comes in a second; only a cell that stays away ends the session.
                LogMissedHeartbeat(node, exception.Message);
                if (++missed == MaxMissedHeartbeats) throw;
            }
        }

        return "closed";
    }

    private async Task Send(ToAgent message)
    {
        using var deadline = new CancellationTokenSource(WriteDeadline, time);
        try
        {
            await _outbound.Writer.WriteAsync(message, deadline.Token);
        }
        catch (ChannelClosedException exception)
        {
            throw new InvalidOperationException($"The session of node {node} has ended.", exception);
        }
        catch (OperationCanceledException exception)
        {
            _closed.TrySetResult("agent does not read");
            throw new TimeoutException($"The agent of node {node} does not read its stream.", exception);
        }
    }

    private void End(string code, string reason, bool retry)
    {
        // Without room for it the agent sees the stream end all the same.
        _outbound.Writer.TryWrite(AgentMessages.Refused(code, reason, retry));
        _closed.TrySetResult(reason);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Node {Node}: what it uses could not be passed on: {Reason}")]
    private partial void LogUsageLost(string node, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node}: a heartbeat could not be passed on: {Reason}")]
    private partial void LogMissedHeartbeat(string node, string reason);
}
