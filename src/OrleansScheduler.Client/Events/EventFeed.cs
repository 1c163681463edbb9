namespace OrleansScheduler.Client;

/// <summary>A piece of the event feed.</summary>
/// <param name="Events">The events, oldest first.</param>
/// <param name="Cursor">Where the next piece starts.</param>
public sealed record EventPage(ImmutableArray<EventView> Events, string Cursor);
