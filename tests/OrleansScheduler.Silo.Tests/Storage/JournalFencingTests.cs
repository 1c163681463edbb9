using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalFencingTests
{
    private readonly FaultyStorage _storage = new();
    private readonly JournalBench _bench;

    public JournalFencingTests() => _bench = new(_storage);

    [Fact]
    public async Task Of_two_writers_that_create_the_journal_exactly_one_wins()
    {
        var (first, _) = await _bench.Open();
        var (second, _) = await _bench.Open();
        await first.Append("first");

        await Assert.ThrowsAsync<JournalLostException>(() => second.Append("second"));

        Assert.Equal(["first"], await _bench.Recover());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(30_000)]
    public async Task The_owner_before_never_answers_success_again(int length)
    {
        var (old, _) = await _bench.Open();
        await old.Append(Words(1, length));
        var (owner, _) = await _bench.Open();

        await Assert.ThrowsAsync<JournalLostException>(() => old.Append("late"));
        await owner.Append("b");
        await Assert.ThrowsAsync<JournalLostException>(() => old.Append("later"));

        Assert.Equal([.. Words(1, length), "b"], await _bench.Recover());
    }

    [Fact]
    public async Task An_entry_that_the_owner_before_gets_in_ahead_of_the_claim_belongs_to_the_journal()
    {
        var (old, _) = await _bench.Open();
        await old.Append(Words(1, 30_000));
        _storage.Held = [];
        var opening = _bench.Open();
        CarryOut(StorageVerb.Read, "head");
        CarryOut(StorageVerb.Write, "head");
        foreach (var number in Enumerable.Range(1, 4)) CarryOut(StorageVerb.Read, $"segment-{number:D6}");
        var late = old.Append("just in time");
        await WaitFor(() => _storage.Held.Count == 2);
        _storage.Held.RemoveAt(1, out var append);
        append.CarryOut(Fault.None);
        var claim = _storage.Held.Single();
        _storage.Held = null;
        claim.CarryOut(Fault.None);

        Assert.Equal(2, await late);
        var (owner, entries) = await opening;
        Assert.Equal("just in time", entries[^1]);
        await Assert.ThrowsAsync<JournalLostException>(() => old.Append("late"));
        Assert.Equal(3, await owner.Append("c"));
    }

    [Fact]
    public async Task An_owner_that_slept_while_its_successor_deleted_the_tail_is_still_refused()
    {
        var (sleeper, _) = await _bench.Open();
        for (var i = 0; i < 5; i++) await sleeper.Append(Words(1, 20_000));
        var (owner, _) = await _bench.Open();
        for (var i = 0; i < 5; i++) await owner.Append(Words(1, 20_000));
        await owner.Compact(["sum"], owner.LastNumber);
        await owner.Cleaned;

        await Assert.ThrowsAsync<JournalLostException>(() => sleeper.Append("late"));

        Assert.Equal(["sum"], await _bench.Recover());
        Assert.Equal(2, _storage.Names.Count());
    }

    [Fact]
    public async Task An_owner_that_slept_while_opening_does_not_take_deleted_numbers_for_free_ones()
    {
        var (first, _) = await _bench.Open();
        for (var i = 0; i < 5; i++) await first.Append(Words(1, 20_000));
        _storage.Held = [];
        var sleeper = _bench.Open();
        CarryOut(StorageVerb.Read, "head");
        CarryOut(StorageVerb.Write, "head");
        var reads = _storage.Held;
        _storage.Held = null;
        var (owner, _) = await _bench.Open();
        for (var i = 0; i < 5; i++) await owner.Append(Words(1, 20_000));
        await owner.Compact(["sum"], owner.LastNumber);
        await owner.Cleaned;
        foreach (var read in reads) read.CarryOut(Fault.None);

        await Assert.ThrowsAsync<JournalLostException>(() => sleeper);

        Assert.Equal(["sum"], await _bench.Recover());
    }

    [Fact]
    public async Task A_group_that_its_writer_did_not_finish_is_ignored()
    {
        var (old, _) = await _bench.Open();
        await old.Append(Words(1, 20_000));
        _storage.Misbehave = call => call is { Verb: StorageVerb.Write, Row: "segment-000002" } ? Fault.ErrorBefore : Fault.None;
        await Assert.ThrowsAsync<JournalLostException>(() => old.Append(Words(300, 2_000)));
        _storage.Misbehave = null;

        var (owner, entries) = await _bench.Open();
        Assert.Equal(Words(1, 20_000), entries);
        await owner.Append("b");
        Assert.Equal([.. Words(1, 20_000), "b"], await _bench.Recover());
    }

    [Fact]
    public async Task Claims_do_not_pile_up()
    {
        for (var i = 0; i < 80; i++)
        {
            var (owner, _) = await _bench.Open();
            await owner.Append(Words(1, 30_000));
            await owner.Compact(["sum"], owner.LastNumber);
            await owner.Append(Words(1, 30_000));
            await owner.Cleaned;
        }

        Assert.InRange(_storage.Names.Count(), 1, JournalLog.MaxClaims + 3);
    }

    private void CarryOut(StorageVerb verb, string row)
    {
        var call = _storage.Held!.Single(held => held.Call == new StorageCall(verb, row));
        _storage.Held!.Remove(call);
        call.CarryOut(Fault.None);
    }

    private static async Task WaitFor(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

file static class Lists
{
    public static void RemoveAt<T>(this List<T> list, int index, out T item)
    {
        item = list[index];
        list.RemoveAt(index);
    }
}
