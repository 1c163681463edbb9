using Orleans.Storage;
using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalTests
{
    private readonly FaultyStorage _storage = new();
    private readonly JournalBench _bench;

    public JournalTests() => _bench = new(_storage);

    [Fact]
    public async Task Opening_a_journal_that_does_not_exist_writes_nothing()
    {
        var (journal, entries) = await _bench.Open();

        Assert.Empty(entries);
        Assert.False(journal.Exists);
        Assert.Equal((1, 0), (journal.Epoch, _storage.Writes));
    }

    [Fact]
    public async Task The_first_append_creates_the_journal_in_one_write()
    {
        var (journal, _) = await _bench.Open();

        Assert.Equal(1, await journal.Append("a"));

        Assert.True(journal.Exists);
        Assert.Equal(1, _storage.Writes);
        Assert.Equal(["a"], await _bench.Recover());
    }

    [Fact]
    public async Task Every_opening_raises_the_epoch()
    {
        var (first, _) = await _bench.Open();
        await first.Append("a");

        Assert.Equal(2, (await _bench.Open()).Journal.Epoch);
        Assert.Equal(3, (await _bench.Open()).Journal.Epoch);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(50, 100)]
    [InlineData(60, 1_000)]
    [InlineData(300, 2_000)]
    [InlineData(3, 600_000)]
    public async Task What_was_appended_one_by_one_comes_back_in_order(int count, int length)
    {
        var words = Words(count, length);
        var (journal, _) = await _bench.Open();
        for (var i = 0; i < count; i++) Assert.Equal(i + 1, await journal.Append(words[i]));

        Assert.Equal(words, await _bench.Recover());
        Assert.Equal(words, await _bench.Recover());
    }

    [Fact]
    public async Task A_group_bigger_than_a_row_comes_back_whole_and_no_row_is_over_256_KiB()
    {
        var words = Words(1_000, 2_000);
        var (journal, _) = await _bench.Open();
        await journal.Append(words);
        await journal.Compact([.. words], through: 1_000);
        await journal.Append(words);

        var serializer = new OrleansGrainStorageSerializer(Serializer);
        Assert.All(_storage.Rows, row => Assert.InRange(serializer.Serialize(row.Row).ToMemory().Length, 1, 256 * 1024));
        Assert.Equal([.. words, .. words], await _bench.Recover());
    }

    [Fact]
    public async Task A_thousand_appends_at_once_take_a_handful_of_writes()
    {
        var (journal, _) = await _bench.Open();
        var words = Words(1_000, 100);

        var appends = WhileTheStoreIsBusy(() => words.Select(word => journal.Append(word)).ToArray());
        var numbers = await Task.WhenAll(appends);

        Assert.Equal(Enumerable.Range(1, 1_000).Select(i => (long)i), numbers);
        Assert.InRange(_storage.Writes, 1, 5);
        Assert.Equal(words, await _bench.Recover());
    }

    [Theory]
    [InlineData(10, 100, 10)]
    [InlineData(10, 100, 4)]
    [InlineData(500, 1_000, 500)]
    [InlineData(500, 1_000, 499)]
    [InlineData(500, 1_000, 3)]
    public async Task A_snapshot_takes_the_place_of_the_entries_that_it_contains(int count, int length, int through)
    {
        var words = Words(count, length);
        var (journal, _) = await _bench.Open();
        foreach (var word in words) await journal.Append(word);

        await journal.Compact([.. words[..through]], through);
        await journal.Append("after");

        var recovered = await _bench.Make().Open(TestContext.Current.CancellationToken);
        Assert.Equal(words[..through], recovered.Snapshot);
        Assert.Equal([.. words[through..], "after"], recovered.Entries);
    }

    [Fact]
    public async Task A_snapshot_in_the_middle_of_one_append_keeps_the_rest_of_it()
    {
        var words = Words(40, 1_000);
        var (journal, _) = await _bench.Open();
        await journal.Append(words[..3]);
        await journal.Append(words[3..30]);
        await journal.Append(words[30..]);

        await journal.Compact([.. words[..20]], through: 20);

        Assert.Equal(words, await _bench.Recover());
    }

    [Fact]
    public async Task Appends_go_on_while_a_snapshot_is_written()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append(Words(300, 2_000));
        var compaction = journal.Compact([.. Words(300, 2_000)], through: 300);
        var append = journal.Append("meanwhile");

        await Task.WhenAll(compaction, append);

        Assert.Equal("meanwhile", (await _bench.Recover())[^1]);
    }

    [Fact]
    public async Task A_snapshot_is_wanted_by_size_and_no_longer_once_it_is_there()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        Assert.False(journal.WantsSnapshot);

        await journal.Append(Words(100, 400));
        Assert.True(journal.WantsSnapshot);

        await journal.Compact(["sum"], journal.LastNumber);
        Assert.False(journal.WantsSnapshot);
    }

    [Fact]
    public async Task Rows_that_a_snapshot_replaced_are_deleted()
    {
        var (journal, _) = await _bench.Open();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 30; i++) await journal.Append(Words(1, 2_000));
            await journal.Compact([.. Words(300, 1_000)], journal.LastNumber);
            await journal.Cleaned;
        }

        Assert.Equal(["head", "snapshot-000001-000003-0000", "snapshot-000001-000003-0001"], _storage.Names);
    }

    [Fact]
    public async Task Rows_that_could_not_be_deleted_are_deleted_by_the_next_owner()
    {
        var (journal, _) = await _bench.Open();
        for (var i = 0; i < 30; i++) await journal.Append(Words(1, 2_000));
        await journal.Compact([.. Words(300, 1_000)], journal.LastNumber);
        for (var i = 0; i < 30; i++) await journal.Append(Words(1, 2_000));
        _storage.Misbehave = call => call.Verb == StorageVerb.Clear ? Fault.ErrorBefore : Fault.None;
        await journal.Compact(["sum"], journal.LastNumber);
        await journal.Cleaned;
        Assert.Contains("segment-000030", _storage.Names);
        _storage.Misbehave = null;

        var (next, entries) = await _bench.Open();
        await next.Cleaned;

        Assert.Equal(["sum"], entries);
        Assert.Equal(["head"], _storage.Names);
    }

    [Fact]
    public async Task A_snapshot_that_nothing_points_to_is_deleted_by_the_next_owner()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        _storage.Misbehave = call => call is { Verb: StorageVerb.Write, Row: "head" } ? Fault.ErrorBefore : Fault.None;
        await Assert.ThrowsAsync<JournalLostException>(() => journal.Compact([.. Words(300, 1_000)], through: 1));
        Assert.Contains("snapshot-000001-000001-0001", _storage.Names);
        _storage.Misbehave = null;

        var (next, entries) = await _bench.Open();
        await next.Cleaned;

        Assert.Equal(["a"], entries);
        Assert.Equal(["head"], _storage.Names);
    }

    [Fact]
    public async Task Too_much_that_waits_is_refused_and_leaves_no_trace()
    {
        _bench.Options.MaxWaitingBytes = 10_000;
        var (journal, _) = await _bench.Open();
        await journal.Append("a");

        // The first may be with the store already; the second waits, and leaves no room for a third.
        var appends = WhileTheStoreIsBusy(() => Enumerable.Range(0, 3).Select(_ => journal.Append(Words(1, 9_000))).ToArray());

        var refused =
            (await Task.WhenAll(appends.Select(append => Record.ExceptionAsync(() => append).AsTask()))).OfType<JournalFullException>();
        var accepted = appends.Length - refused.Count();
        Assert.InRange(accepted, 1, 2);
        Assert.Equal(1 + accepted, (await _bench.Recover()).Count);
    }

    [Fact]
    public async Task A_snapshot_of_entries_that_are_not_durable_is_refused()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => journal.Compact(["a", "b"], through: 2));
    }

    /// <summary>Whatever is asked for meanwhile, the store answers none of it before all is asked.</summary>
    private T WhileTheStoreIsBusy<T>(Func<T> ask)
    {
        var gate = new TaskCompletionSource();
        _storage.Gate = gate.Task;
        var asked = ask();
        _storage.Gate = null;
        gate.SetResult();
        return asked;
    }
}
