using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalCheckTests
{
    private readonly FaultyStorage _storage = new();
    private readonly JournalBench _bench;

    public JournalCheckTests() => _bench = new(_storage);

    [Theory]
    [InlineData(10)]
    [InlineData(30_000)]
    public async Task A_sound_journal_is_found_sound_and_goes_on(int length)
    {
        var (journal, _) = await _bench.Open();
        foreach (var word in Words(20, length)) await journal.Append(word);
        await journal.Compact([.. Words(10, length)], through: 10);

        var check = await journal.Check();

        Assert.Empty(check.Damages);
        Assert.Equal((_storage.Rows.Count(), true), (check.Rows, check.Bytes > 20 * length));
        Assert.Equal(21, await journal.Append("more"));
        Assert.Equal([.. Words(20, length), "more"], await _bench.Recover());
    }

    [Fact]
    public async Task Every_row_that_is_damaged_missing_or_old_is_named()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        var old = _storage.Remember("head");
        foreach (var word in Words(4, 30_000)) await journal.Append(word);
        await journal.Compact([.. Words(1, 30_000)], through: 2);
        await journal.Cleaned;
        _storage.Tamper("segment-000002", row => row with { Payload = [.. row.Payload[..^1], (byte)(row.Payload[^1] ^ 1)] });
        _storage.Remove("segment-000003");
        _storage.Remove("snapshot-000001-000001-0000");
        old();

        var check = await journal.Check();

        Assert.Equal(
            ["head", "segment-000002", "segment-000003", "snapshot-000001-000001-0000"],
            check.Damages.Select(damage => damage.Row).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_store_that_forgets_what_it_acknowledged_is_found_at_the_next_write_and_not_trusted_again()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        var older = _storage.Remember("head");
        await journal.Append("b");
        older();

        var found = await Assert.ThrowsAsync<JournalCorruptException>(() => journal.Append("c"));
        var refused = await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open);

        Assert.Equal(("head", "head"), (found.Row, refused.Row));
        Assert.Contains("acknowledged what epoch 1 wrote and has forgotten it", refused.Message);

        // Another silo, or this one restarted: an operator has decided to go on with what is there.
        Assert.Equal(["a"], await new JournalBench(_storage).Recover());
    }

    [Fact]
    public async Task A_store_that_forgets_a_row_between_two_acknowledged_ones_is_refused_at_the_next_opening()
    {
        var (journal, _) = await _bench.Open();
        foreach (var word in Words(3, 30_000)) await journal.Append(word);
        _storage.Remove("segment-000002");
        Assert.Equal(4, await journal.Append("late"));

        Assert.Equal("segment-000002", (await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open)).Row);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(30_000)]
    public async Task A_journal_that_a_restore_replaces_has_one_snapshot_a_higher_epoch_and_nothing_of_before(int length)
    {
        var (journal, _) = await _bench.Open();
        foreach (var word in Words(20, length)) await journal.Append(word);
        _storage.Tamper("head", row => row with { Checksum = row.Checksum + 1 });

        await _bench.Factory.LogOf(_bench.Owner).Replace(
            Serializer.SerializeToArray<List<string>>(["x", "y"]), epoch: 1000, number: 2, firstSegment: 1 << 20);

        // Whatever an owner from before still writes is not part of the journal any more.
        await Record.ExceptionAsync(() => journal.Append("late"));
        var (restored, entries) = await new JournalBench(_storage).Open();
        Assert.Equal(["x", "y"], entries);
        Assert.Equal(1001, restored.Epoch);
        foreach (var word in Words(20, length)) await restored.Append(word);
        Assert.Equal(["x", "y", .. Words(20, length)], await new JournalBench(_storage).Recover());
    }
}
