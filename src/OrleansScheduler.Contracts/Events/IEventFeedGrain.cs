using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>
/// Holds the cell's latest events for those who watch. A copy: the records are the jobs' and nodes' own, so it is held in memory and
/// bounded. Key: <see cref="Id"/>.
/// </summary>
[Alias("osched.IEventFeedGrain")]
public interface IEventFeedGrain : IGrainWithStringKey
{
    /// <summary>The one key there is.</summary>
    const string Id = "cell";

    /// <summary>Adds events, in their order. For silos of releases that do not number them.</summary>
    [Alias("Publish"), OneWay]
    Task Publish(ImmutableArray<EventView> events);

    /// <summary>
    /// Adds events of one silo, in their order. Who hears no answer sends them again: each is taken once. When some of a silo never arrive,
    /// the feed has an event that says so (<see cref="EventView.EventsMissing"/>).
    /// </summary>
    [Alias("Append")]
    Task Append(EventBatch batch);

    /// <summary>The cursor behind which comes what happens from now on.</summary>
    [Alias("ReadEnd"), AlwaysInterleave]
    Task<string> ReadEnd(CancellationToken cancellationToken = default);

    /// <summary>Events behind a cursor, waiting up to <paramref name="wait"/> for the first.</summary>
    /// <param name="after">A cursor, or null for the oldest still held.</param>
    /// <param name="limit">Most events wanted.</param>
    /// <param name="wait">How long to wait when there is none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The events; a problem <c>cursor-expired</c> when the cursor is from before what is held.</returns>
    [Alias("Read"), AlwaysInterleave, AskedOnce]
    Task<Answer<EventPage>> Read(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken = default);
}

/// <summary>A run of events without a gap.</summary>
/// <param name="Events">The events.</param>
/// <param name="Cursor">Where to go on.</param>
[GenerateSerializer, Immutable, Alias("osched.EventPage")]
public sealed record EventPage([property: Id(0)] ImmutableArray<EventView> Events, [property: Id(1)] string Cursor);

/// <summary>Events of one silo.</summary>
/// <param name="Silo">Its address, as Orleans writes it in one word.</param>
/// <param name="First">Number of the first event; a silo numbers its events from 0.</param>
/// <param name="Events">The events.</param>
/// <param name="IsLast">Whether the silo stops and nothing of it is under way any more.</param>
[GenerateSerializer, Immutable, Alias("osched.EventBatch")]
public sealed record EventBatch(
    [property: Id(0)] string Silo, [property: Id(1)] long First, [property: Id(2)] ImmutableArray<EventView> Events,
    [property: Id(3)] bool IsLast);
