using System.Collections.Concurrent;
using System.ComponentModel;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>The commands that people run in this node's tasks. Each ends when nobody asks for it any more.</summary>
internal sealed partial class ExecSessions(
    AttemptTable table, IEnumerable<ITaskDriver> drivers, NodeDescription node, IOptions<AgentOptions> options, TimeProvider time,
    ILogger<ExecSessions> logger) : IDisposable
{
    private const int MostSessions = 16;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, ExecSession> _sessions = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>How many run.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>One exchange; the first one starts the command.</summary>
    public async Task<Protocol.ExecData> Exchange(Protocol.ExecCall call, CancellationToken cancellationToken)
    {
        var answer = await Answer(call, cancellationToken);
        answer.Request = call.Request;
        return answer;
    }

    /// <summary>Ends them all.</summary>
    public void Dispose()
    {
        foreach (var session in _sessions.Values) session.Close();
        Task.WaitAll([.. _sessions.Values.Select(session => session.Ended)], TimeSpan.FromSeconds(5));
    }

    private async Task<Protocol.ExecData> Answer(Protocol.ExecCall call, CancellationToken cancellationToken)
    {
        var id = call.Session;
        if (id.Length == 0)
        {
            var started = await Start(call, cancellationToken);
            if (started.Problem is { } problem) return Refusal(problem);
            id = started.Value!;
        }

        if (!_sessions.TryGetValue(id, out var session))
            return Refusal(Problem.Of(ProblemKind.NotFound, "exec-not-found",
                "The command has ended, or nobody asked for it for too long."));
        if (call.Close)
        {
            session.Close();
            return new() { Session = id, Ended = true };
        }

        if (call is { Rows: > 0, Columns: > 0 }) session.Resize(call.Rows, call.Columns);
        var asked = TimeSpan.FromMilliseconds(Math.Max(0, call.WaitMillis));
        var (output, error, taken, exitCode) = await session.Exchange(
            call.Input.Memory, call.InputEnded, asked < LongestWait ? asked : LongestWait, cancellationToken);
        return new()
        {
            Session = id,
            Output = ByteString.CopyFrom(output),
            Error = ByteString.CopyFrom(error),
            InputTaken = taken,
            Ended = exitCode is not null,
            ExitCode = exitCode ?? 0,
        };
    }

    private async Task<Answer<string>> Start(Protocol.ExecCall call, CancellationToken cancellationToken)
    {
        if (call.Attempt?.ToAttemptId() is not { } attemptId || call.Command.Count == 0 || call.Command[0].Length == 0)
            return Problem.Of(ProblemKind.Malformed, "bad-exec", "The question names no attempt or no command.");
        if (table.Find(attemptId) is not { Spec: { } spec } attempt || attempt.Record.Status.IsTerminal()) return NotRunning(attemptId);
        if (Interlocked.Increment(ref _count) > MostSessions)
        {
            Interlocked.Decrement(ref _count);
            return Problem.Of(ProblemKind.Unavailable, "too-many-execs",
                $"The node runs {MostSessions} commands of people already; try later.");
        }

        var isStarted = false;
        try
        {
            var environment = new TaskEnvironment(attempt, spec, node.Id, options.Value.SelfCommand);
            var request = new EnterRequest(
                [.. call.Command], call.Terminal ? new(call.TerminalKind, call.Rows, call.Columns) : null);
            var command = await drivers.First(driver => driver.Name == spec.Driver).Enter(attempt, environment, request, cancellationToken);
            if (command is null) return NotRunning(attemptId);
            var session = new ExecSession(attemptId, command, time);
            isStarted = true;
            var id = Guid.NewGuid().ToString("n");
            _sessions[id] = session;
            var words = string.Join(' ', call.Command);
            LogStarted(call.Actor, attemptId, words);
            _ = Watch(id, session, call.Actor);
            return id;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException or TaskStartException)
        {
            return Problem.Of(ProblemKind.Unavailable, "exec-not-started", $"The node could not start it: {e.Message}");
        }
        finally
        {
            if (!isStarted) Interlocked.Decrement(ref _count);
        }
    }

    private Problem NotRunning(AttemptId attempt) =>
        Problem.Of(ProblemKind.Conflict, "task-not-running", $"{attempt} does not run on node {node.Id}.");

    // What it wrote last stays for as long as anybody may still ask for it.
    private async Task Watch(string id, ExecSession session, string actor)
    {
        while (!session.Finished.IsCompleted && time.GetElapsedTime(session.LastHeard) < LongestSilence)
            await Task.WhenAny(session.Finished, Task.Delay(Look, time));

        session.Close();
        await session.Ended;
        _sessions.TryRemove(id, out _);
        session.Dispose();
        Interlocked.Decrement(ref _count);
        LogEnded(actor, session.Attempt);
    }

    private static Protocol.ExecData Refusal(Problem problem) =>
        new() { ProblemKind = (int)problem.Kind, ProblemCode = problem.Code, ProblemMessage = problem.Message };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} runs in {Attempt}: {Command}")]
    private partial void LogStarted(string actor, AttemptId attempt, string command);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} runs nothing more in {Attempt}")]
    private partial void LogEnded(string actor, AttemptId attempt);
}
