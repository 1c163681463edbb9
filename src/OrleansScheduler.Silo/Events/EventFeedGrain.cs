using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>
/// Holds the cell's latest events in a ring. A cursor names the activation and the number in it, so that a reader of a feed that started
/// anew is told so instead of missing something silently.
/// </summary>
[HashBasedPlacement]
internal sealed class EventFeedGrain(IOptions<CellOptions> options, IClusterMembershipService membership, TimeProvider time)
    : Grain, IEventFeedGrain
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly EventView[] _ring = new EventView[options.Value.EventsHeld];
    private readonly string _feed = Guid.NewGuid().ToString("N")[..8];
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EventSources _sources = new();
    private long _next;

    private long Oldest => Math.Max(0, _next - _ring.Length);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        LookForLost();   // what was lost before there was this feed its readers know of by their cursors
        this.RegisterGrainTimer(
            TellLost, new GrainTimerCreationOptions(LookPeriod, LookPeriod) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task Publish(ImmutableArray<EventView> events)
    {
        Hold(events.AsSpan());
        return Task.CompletedTask;
    }

    public Task Append(EventBatch batch)
    {
        var (missing, known) = _sources.Take(batch.Silo, batch.First, batch.Events.Length, batch.IsLast);
        if (missing > 0) Miss($"{missing} events of silo {batch.Silo} were dropped, because nobody took them for a while.");
        Hold(batch.Events.AsSpan()[known..]);
        return Task.CompletedTask;
    }

    public Task<string> ReadEnd(CancellationToken cancellationToken) => Task.FromResult(Cursor(_next - 1));

    public async Task<Answer<EventPage>> Read(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken)
    {
        long from;
        if (after is null) from = Oldest;
        else if (!TryParse(after, out var feed, out var number))
            return Problem.Of(ProblemKind.Malformed, "bad-cursor", "The cursor is not one that this feed gave out.");
        else if (feed != _feed || number + 1 < Oldest || number >= _next)
            return Problem.Of(ProblemKind.Expired, "cursor-expired",
                "Events behind this cursor are no longer held: read the present state, then follow from now on.");
        else from = number + 1;

        if (from == _next && wait > TimeSpan.Zero)
        {
            try
            {
                await _arrival.Task.WaitAsync(wait, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Nothing came: an empty page says so.
            }
        }

        from = Math.Max(from, Oldest);
        var count = (int)Math.Min(limit, _next - from);
        var events = ImmutableArray.CreateBuilder<EventView>(count);

        // Cursors are written for those who read: most events of a busy cell are read by nobody.
        for (var i = 0; i < count; i++) events.Add(_ring[(from + i) % _ring.Length] with { Cursor = Cursor(from + i) });
        return new EventPage(events.MoveToImmutable(), Cursor(from + count - 1));
    }

    /// <summary>What a lost silo had not handed over yet is lost with it.</summary>
    private Task TellLost(CancellationToken cancellationToken)
    {
        foreach (var silo in LookForLost()) Miss($"Silo {silo} was lost, and with it what it had not told yet.");
        return Task.CompletedTask;
    }

    private ImmutableArray<string> LookForLost()
    {
        var now = membership.CurrentSnapshot;
        return _sources.Lost(
            now.Members.Keys.Select(silo => silo.ToParsableString()).ToHashSet(StringComparer.Ordinal),
            silo => now.GetSiloStatus(SiloAddress.FromParsableString(silo)) == SiloStatus.Dead);
    }

    private void Miss(string message) =>
        Hold([new EventView { At = time.GetUtcNow(), Kind = "cell", Status = EventView.EventsMissing, Message = message }]);

    private void Hold(ReadOnlySpan<EventView> events)
    {
        if (events.IsEmpty) return;
        foreach (var e in events)
        {
            _ring[_next % _ring.Length] = e;
            _next++;
        }

        _arrival.TrySetResult();
        _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private string Cursor(long number) => string.Create(CultureInfo.InvariantCulture, $"{_feed}-{number}");

    private static bool TryParse(string cursor, out string feed, out long number)
    {
        (feed, number) = ("", 0);
        var dash = cursor.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1
            || !long.TryParse(cursor.AsSpan(dash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out number)) return false;
        feed = cursor[..dash];
        return number >= -1;
    }
}
