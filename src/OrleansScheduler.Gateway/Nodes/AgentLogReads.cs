using System.Collections.Concurrent;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>Questions about output that an agent has not answered yet.</summary>
internal sealed class AgentLogReads(TimeProvider time)
{
    private const int MaxWaiting = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<long, (TaskCompletionSource<Answer<LogChunk>> Answer, int Attempt)> _waiting = new();
    private long _last;

    /// <summary>Asks and waits for the answer, at most <see cref="Patience"/>.</summary>
    /// <param name="attempt">Whose output.</param>
    /// <param name="query">Which piece.</param>
    /// <param name="send">Puts the question on its way.</param>
    public async Task<Answer<LogChunk>> Ask(AttemptId attempt, LogQuery query, Func<ToAgent, Task> send)
    {
        if (_waiting.Count >= MaxWaiting)
            return Problem.Of(ProblemKind.Unavailable, "agent-busy", $"More than {MaxWaiting} reads wait for this node's agent.");

        var request = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<Answer<LogChunk>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[request] = (answer, attempt.Number);
        try
        {
            await send(AgentMessages.ReadLog(request, attempt, query));
            return await answer.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            return Problem.Of(
                ProblemKind.Unavailable, "agent-timeout", $"The node's agent did not answer within {Patience.TotalSeconds:0} s.");
        }
        finally
        {
            _waiting.TryRemove(request, out _);
        }
    }

    /// <summary>The agent has answered. An answer that nobody waits for any more is dropped.</summary>
    public void Answer(LogData message)
    {
        if (_waiting.TryGetValue(message.Request, out var waiting))
            waiting.Answer.TrySetResult(AgentMessages.Read(message, waiting.Attempt));
    }

    /// <summary>Nobody will answer any more.</summary>
    public void Fail()
    {
        foreach (var waiting in _waiting.Values)
            waiting.Answer.TrySetResult(Problem.Of(ProblemKind.Unavailable, "agent-disconnected", "The node's agent has disconnected."));
    }
}
