using System.Runtime.CompilerServices;

namespace OrleansScheduler.Gateway;

/// <summary>Reads the cell's events in waits that are short enough for every time-out on the way.</summary>
internal sealed class EventFeed(IGrainFactory grains, TimeProvider time, IHostApplicationLifetime lifetime, GatewayTelemetry telemetry)
{
    /// <summary>Most events read at once.</summary>
    public const int PageSize = 500;

    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The events behind a cursor; waits up to <paramref name="wait"/> for the first. Ends early, with an empty page, when the gateway
    /// stops.
    /// </summary>
    public async Task<Answer<EventPage>> Read(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var left = wait - time.GetElapsedTime(started);
            var answer = await ReadOnce(
                after, limit, left > LongestRead ? LongestRead : left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
            if (answer.Value is not { Events.IsEmpty: true } page) return answer;
            if (left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested) return page;
            after = page.Cursor;
        }
    }

    /// <summary>
    /// Pages for ever, empty ones after at most <paramref name="silence"/>; ends when the gateway stops or the cursor is worth nothing any
    /// more. A cell that is away for the moment is a problem in between.
    /// </summary>
    public async IAsyncEnumerable<Answer<EventPage>> Watch(
        string after, TimeSpan silence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            var answer = await ReadOrProblem(after, silence, cancellationToken);
            yield return answer;
            if (answer.Value is { } page)
            {
                telemetry.Events.Add(page.Events.Length);
                after = page.Cursor;
            }
            else if (answer.Problem!.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
            else
            {
                yield break;
            }
        }
    }

    /// <summary>The cursor behind which comes what happens from now on.</summary>
    public Task<string> ReadEnd(CancellationToken cancellationToken) =>
        grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id).ReadEnd(cancellationToken).WaitAsync(Grace, time, cancellationToken);

    private async Task<Answer<EventPage>> ReadOrProblem(string after, TimeSpan silence, CancellationToken cancellationToken)
    {
        try
        {
            return await Read(after, PageSize, silence, cancellationToken);
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested && Failures.OfGrainCall(exception, HttpMethods.Get) is not null)
        {
            return Failures.OfGrainCall(exception, HttpMethods.Get)!;
        }
    }

    private Task<Answer<EventPage>> ReadOnce(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken) =>
        grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id).Read(after, limit, wait, cancellationToken)
            .WaitAsync(wait + Grace, time, cancellationToken);
}
