using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

/// <summary>What a cell needs of any store, whoever provides it.</summary>
internal static class StoreContract
{
    /// <summary>Entries, segments, a snapshot and what comes behind it are read back as they were written.</summary>
    public static async Task RequireRoundTrip(JournalBench bench)
    {
        var (journal, _) = await bench.Open();
        foreach (var word in Words(30, 3_000)) await journal.Append(word);
        await journal.Append(Words(300, 2_000));
        await journal.Compact([.. Words(30, 3_000), .. Words(300, 2_000)], through: 330);
        await journal.Append("after");
        await journal.Cleaned;

        Assert.Equal([.. Words(30, 3_000), .. Words(300, 2_000), "after"], await bench.Recover());
    }

    /// <summary>After <see cref="RequireRoundTrip"/>: whoever owned the journal before can write no more.</summary>
    public static async Task RequireFence(JournalBench bench)
    {
        var (old, _) = await bench.Open();
        await old.Append(Words(1, 30_000));
        await old.Append("b");
        var (owner, _) = await bench.Open();

        await Assert.ThrowsAsync<JournalLostException>(() => old.Append("late"));

        Assert.Equal(334, await owner.Append("c"));
    }

    /// <summary>Of those who create the same row at once exactly one succeeds.</summary>
    public static async Task RequireOneCreator(JournalBench bench)
    {
        for (var round = 0; round < 20; round++)
        {
            var owner = GrainId.Create("job", $"shop/prod/race-{round}");
            var racers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => bench.For(owner).Open()));
            var outcomes = await Task.WhenAll(racers.Select(racer => Record.ExceptionAsync(() => racer.Journal.Append("mine")).AsTask()));
            Assert.Single(outcomes, outcome => outcome is null);
            Assert.Equal(7, outcomes.OfType<JournalLostException>().Count());
        }
    }

    /// <summary>Reminders are kept, and changed only by who knows what stands there.</summary>
    public static async Task RequireReminders(IReminderTable reminders)
    {
        var grain = GrainId.Create("job", "shop/prod/web");
        var entry =
            new ReminderEntry { GrainId = grain, ReminderName = "wake", StartAt = DateTime.UnixEpoch, Period = TimeSpan.FromMinutes(1) };
        var etag = await reminders.UpsertRow(entry);
        var next = await reminders.UpsertRow(entry);
        Assert.NotEqual(etag, next);
        Assert.Equal(TimeSpan.FromMinutes(1), (await reminders.ReadRow(grain, "wake"))!.Period);
        Assert.Single((await reminders.ReadRows(0, 0)).Reminders);
        Assert.False(await reminders.RemoveRow(grain, "wake", etag!));
        Assert.True(await reminders.RemoveRow(grain, "wake", next!));
        Assert.Empty((await reminders.ReadRows(grain)).Reminders);
    }
}
