using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class EventFeedTests : IDisposable
{
    private const string Silo = "127.0.0.1:1@1";
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-feed-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task S22_what_a_silo_sends_again_is_held_once_and_what_it_dropped_is_told()
    {
        await using var cell = await TestCell.Start(_directory);
        var feed = cell.Grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id);
        var start = await feed.ReadEnd();
        await feed.Append(Batch(first: 0, "a", "b"));
        await feed.Append(Batch(first: 0, "a", "b"));
        await feed.Append(Batch(first: 1, "b", "c"));
        await feed.Append(Batch(first: 5, "f"));

        var page = (await feed.Read(start, 100, TimeSpan.Zero)).Value!;
        Assert.Equal(["a", "b", "c", EventView.EventsMissing, "f"], page.Events.Select(e => e.Status));
        Assert.StartsWith("2 events of silo", page.Events[3].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void S22_of_a_lost_silo_it_is_told_that_events_may_be_missing_and_not_of_one_that_has_said_goodbye()
    {
        var sources = new EventSources();
        sources.Take("lost", 0, 3, isLast: false);
        sources.Take("stopped", 0, 3, isLast: false);
        sources.Take("stopped", 3, 0, isLast: true);
        sources.Take("well", 0, 3, isLast: false);

        Assert.Equal(["lost"], sources.Forget(silo => silo is "lost" or "stopped"));
        Assert.Empty(sources.Forget(silo => silo is "lost" or "stopped"));
        Assert.Equal((0, 2), sources.Take("well", 1, 3, isLast: false));
    }

    private static EventBatch Batch(long first, params string[] statuses) =>
        new(Silo, first, [.. statuses.Select(status => new EventView { Kind = "task", Status = status })], IsLast: false);
}
