using Microsoft.Extensions.DependencyInjection;
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
        sources.Take("unknown by now", 0, 3, isLast: false);
        sources.Take("stopped", 0, 3, isLast: false);
        sources.Take("stopped", 3, 0, isLast: true);
        sources.Take("well", 0, 3, isLast: false);
        HashSet<string> members = ["lost", "stopped", "well", "never heard of"];

        Assert.Equal(["lost", "never heard of", "unknown by now"], Lost().Order(StringComparer.Ordinal));
        Assert.Empty(Lost());
        Assert.Equal((0, 2), sources.Take("well", 1, 3, isLast: false));

        ImmutableArray<string> Lost() => sources.Lost(members, silo => silo != "well");
    }

    [Fact]
    public void S22_a_silo_that_nobody_knows_of_any_more_is_not_remembered_for_ever()
    {
        var sources = new EventSources();
        sources.Take("stopped", 0, 3, isLast: true);
        Assert.Empty(sources.Lost(new HashSet<string>(), _ => true));
        Assert.Equal(["stopped"], sources.Lost(new HashSet<string> { "stopped" }, _ => true));
    }

    [Fact]
    public async Task S22_followers_are_told_that_a_silo_was_lost_with_what_it_had_not_told()
    {
        await using var cell = await TestCell.Start(_directory);
        var feed = cell.Grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id);
        var start = await feed.ReadEnd();

        // One that had the address of today's before it.
        var lost = SiloAddress.New(cell.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint, gen: 1).ToParsableString();
        await feed.Append(Batch(lost, first: 0, "a"));

        var told = (await feed.Read(start, 100, TimeSpan.Zero)).Value!;
        while (told.Events.All(e => e.Status != EventView.EventsMissing))
            told = (await feed.Read(start, 100, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Value!;

        Assert.StartsWith($"Silo {lost} was lost", told.Events[^1].Message, StringComparison.Ordinal);
    }

    private static EventBatch Batch(long first, params string[] statuses) => Batch(Silo, first, statuses);

    private static EventBatch Batch(string silo, long first, params string[] statuses) =>
        new(silo, first, [.. statuses.Select(status => new EventView { Kind = "task", Status = status })], IsLast: false);
}
