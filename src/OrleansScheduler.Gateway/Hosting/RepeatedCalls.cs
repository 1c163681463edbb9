using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime.Messaging;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Asks again when a silo was lost with the question: then no answer ever comes, and the caller would wait for the whole deadline of the
/// call. Everything that may be asked twice has the same effect and the same answer as asked once, because commands carry an operation id
/// and reports a sequence.
/// </summary>
/// <remarks>
/// What is asked again comes out of a budget that answers fill: when a silo is lost there is plenty, and when the whole cell is slow the
/// questions do not become more.
/// </remarks>
internal sealed partial class RepeatedCalls(TimeProvider time, ILogger<RepeatedCalls> logger) : IOutgoingGrainCallFilter
{
    /// <summary>How long the first tries wait for their answer, and the pauses after those that could not even be sent.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>A silo that hangs is noticed within this time; who still gets no answer later waits longer each time.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(2.5);

    /// <summary>Without any silo to ask, callers are told so after this time.</summary>
    private static readonly TimeSpan Unreachable = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>How long each method's first try waits; null for those that are asked once.</summary>
    private readonly ConcurrentDictionary<MethodInfo, TimeSpan?> _methods = new();
    private readonly RepeatBudget _budget = new();

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        var last = context.Request.GetArgumentCount() - 1;
        if (FirstWaitOf(context, last) is not { } firstWait)
        {
            await context.Invoke();
            return;
        }

        var caller = context.Request.GetCancellationToken();
        var started = time.GetTimestamp();
        var mayBeDone = false;
        for (var wait = firstWait; ; wait = time.GetElapsedTime(started) < Steady ? firstWait : wait * 2)
        {
            var elapsed = time.GetElapsedTime(started);
            var isLast = elapsed + wait >= Deadline || !_budget.IsAny;
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(caller);
            using var timer = isLast ? null : time.CreateTimer(static cts => ((CancellationTokenSource)cts!).Cancel(), attempt, wait,
                Timeout.InfiniteTimeSpan);
            context.Request.SetArgument(last, attempt.Token);
            try
            {
                await context.Invoke();
                _budget.Answered();
                return;
            }
            catch (OperationCanceledException) when (!isLast && attempt.IsCancellationRequested && !caller.IsCancellationRequested)
            {
                mayBeDone = true;
                LogUnanswered(context.InterfaceMethod.Name, context.TargetId, wait.TotalMilliseconds);
            }
            catch (StorageUnavailableException refused) when (mayBeDone && !refused.MayBeDone)
            {
                // Refused was only the repetition; the one before may have been on its way to the storage.
                throw new StorageUnavailableException(refused.Message, refused) { MayBeDone = true };
            }
            catch (Exception exception) when (IsLostSilo(exception) && time.GetElapsedTime(started) < Unreachable && _budget.IsAny)
            {
                mayBeDone |= exception is SiloUnavailableException;
                LogLost(context.InterfaceMethod.Name, context.TargetId, exception.Message);
                await Task.Delay(Pause, time, caller);
            }
            catch (Exception exception) when (mayBeDone && IsLostSilo(exception))
            {
                throw new TimeoutException($"No answer, and then none to ask: {exception.Message}", exception);
            }

            _budget.Take();
        }
    }

    private TimeSpan? FirstWaitOf(IOutgoingGrainCallContext context, int last) =>
        last >= 0 && context.Request.GetArgument(last) is CancellationToken
            ? _methods.GetOrAdd(context.InterfaceMethod, FirstWaitOf)
            : null;

    private static TimeSpan? FirstWaitOf(MethodInfo method)
    {
        var isOurs = method.DeclaringType == typeof(IManagementGrain)
            || method.DeclaringType?.Assembly == typeof(AskedOnceAttribute).Assembly;
        if (!isOurs || method.GetCustomAttribute<AskedOnceAttribute>() is not null) return null;
        return method.GetCustomAttribute<AskedAgainAttribute>()?.After ?? FirstWait;
    }

    private static bool IsLostSilo(Exception exception) =>
        exception is OrleansMessageRejectionException or ConnectionFailedException && exception is not GatewayTooBusyException;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} of {Grain} is asked again: no answer for {Waited} ms")]
    private partial void LogUnanswered(string method, GrainId grain, double waited);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} of {Grain} is asked again: {Reason}")]
    private partial void LogLost(string method, GrainId grain, string reason);
}

/// <summary>How many questions may be asked again: one for each ten that were answered, and not more than some hundred at once.</summary>
internal sealed class RepeatBudget
{
    private const int Most = 500;
    private const int AnswersEach = 10;

    private int _left = Most * AnswersEach;

    public bool IsAny => Volatile.Read(ref _left) >= AnswersEach;

    public void Answered()
    {
        if (Volatile.Read(ref _left) < Most * AnswersEach) Interlocked.Increment(ref _left);
    }

    public void Take() => Interlocked.Add(ref _left, -AnswersEach);
}
