using System.Runtime.CompilerServices;

namespace OrleansScheduler.Gateway;

/// <summary>Reads a task's output piece by piece. Holds one piece at a time, whatever the output's size.</summary>
internal sealed class LogStream(TimeProvider time, GatewayTelemetry telemetry, IHostApplicationLifetime lifetime)
{
    /// <summary>Most bytes asked of an agent at once.</summary>
    public const int PieceBytes = 256 * 1024;

    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>An agent that reconnects is away for seconds; one that is gone for longer is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<Answer<LogChunk>> Read(ITaskGrain task, LogQuery query, CancellationToken cancellationToken)
    {
        var answer = await task.ReadLog(query, cancellationToken).WaitAsync(ReadDeadline, time, cancellationToken);
        if (answer.Value is { } chunk) telemetry.LogBytes.Add(chunk.Data.Length);
        return answer;
    }

    /// <summary>
    /// Every piece from <paramref name="first"/> on until the attempt has ended. Throws when the output cannot be read to its end.
    /// </summary>
    public async IAsyncEnumerable<LogChunk> Follow(
        ITaskGrain task, LogQuery query, LogChunk first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var chunk = first;
        var wait = ShortestWait;
        while (true)
        {
            yield return chunk;
            if (chunk.Ended) yield break;

            if (chunk.Data.IsEmpty)
            {
                await Task.Delay(wait, time, stop.Token);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
            else
            {
                wait = ShortestWait;
            }

            // The attempt stays the one that was begun, even when a newer one starts meanwhile.
            chunk = await ReadPatiently(
                task, query with { Attempt = chunk.Attempt, Offset = chunk.Offset + chunk.Data.Length }, stop.Token);
        }
    }

    private async Task<LogChunk> ReadPatiently(ITaskGrain task, LogQuery query, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            Answer<LogChunk> answer;
            try
            {
                answer = await Read(task, query, cancellationToken);
            }
            catch (Exception exception)
                when (!cancellationToken.IsCancellationRequested && Failures.OfGrainCall(exception, HttpMethods.Get) is not null)
            {
                answer = Failures.OfGrainCall(exception, HttpMethods.Get)!;
            }

            if (answer.Value is { } chunk) return chunk;
            var passing = answer.Problem!.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown;
            if (!passing || time.GetElapsedTime(started) > Patience)
                throw new IOException($"output cannot be read on: {answer.Problem.Message}");
            await Task.Delay(LongestWait, time, cancellationToken);
        }
    }
}
