using System.Collections.Concurrent;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>Questions about files and commands of one kind that an agent has not answered yet.</summary>
/// <typeparam name="TMessage">What the agent answers.</typeparam>
internal sealed class AgentQuestions<TMessage>(TimeProvider time)
    where TMessage : class
{
    private const int MaxWaiting = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Answer<TMessage>>> _waiting = new();
    private long _last;

    /// <summary>Asks and waits for the answer, at most <see cref="Patience"/>.</summary>
    /// <param name="question">The question under its number.</param>
    /// <param name="send">Puts the question on its way.</param>
    public async Task<Answer<TMessage>> Ask(Func<long, ToAgent> question, Func<ToAgent, Task> send)
    {
        if (_waiting.Count >= MaxWaiting)
            return Problem.Of(ProblemKind.Unavailable, "agent-busy", $"More than {MaxWaiting} questions wait for this node's agent.");

        var request = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<Answer<TMessage>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[request] = answer;
        try
        {
            await send(question(request));
            return await answer.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            return Problem.Of(
                ProblemKind.Unavailable, "agent-timeout",
                $"The node's agent did not answer within {Patience.TotalSeconds:0} s; it may be older than this gateway.");
        }
        finally
        {
            _waiting.TryRemove(request, out _);
        }
    }

    /// <summary>The agent has answered. An answer that nobody waits for any more is dropped.</summary>
    public void Answer(long request, TMessage message)
    {
        if (_waiting.TryGetValue(request, out var waiting)) waiting.TrySetResult(message);
    }

    /// <summary>Nobody will answer any more.</summary>
    public void Fail()
    {
        foreach (var waiting in _waiting.Values)
            waiting.TrySetResult(Problem.Of(ProblemKind.Unavailable, "agent-disconnected", "The node's agent has disconnected."));
    }
}
