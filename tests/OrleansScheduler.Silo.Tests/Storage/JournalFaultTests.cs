using Microsoft.Extensions.Time.Testing;
using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalFaultTests
{
    private readonly FaultyStorage _storage = new();
    private readonly JournalBench _bench;

    public JournalFaultTests() => _bench = new(_storage);

    [Theory]
    [InlineData(Fault.ErrorBefore, 10)]
    [InlineData(Fault.AnswerLost, 10)]
    [InlineData(Fault.ErrorBefore, 30_000)]
    [InlineData(Fault.AnswerLost, 30_000)]
    [InlineData(Fault.AnswerLost, 600_000)]
    internal async Task One_failed_call_is_settled_by_reading_back(Fault fault, int length)
    {
        var (journal, _) = await _bench.Open();
        await journal.Append(Words(1, length));
        var failed = new HashSet<StorageCall>();
        _storage.Misbehave = call => failed.Add(call) ? fault : Fault.None;

        Assert.Equal(2, await journal.Append("b".PadRight(length)));

        Assert.NotEmpty(failed);
        Assert.Equal([.. Words(1, length), "b".PadRight(length)], await _bench.Recover());
    }

    [Fact]
    public async Task A_store_that_stays_away_loses_the_journal_after_a_bounded_number_of_tries()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        _storage.Misbehave = _ => Fault.ErrorBefore;
        var before = _storage.Writes;

        var lost = await Assert.ThrowsAsync<JournalLostException>(() => journal.Append("b"));
        var refused = await Assert.ThrowsAsync<JournalLostException>(() => journal.Append("c"));

        Assert.Equal(4, _storage.Writes - before);
        Assert.Equal((true, false), (lost.MayBeWritten, refused.MayBeWritten));
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_makes_the_opening_fail_and_names_the_row()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        _storage.Misbehave = call => call.Verb == StorageVerb.Read ? Fault.ErrorBefore : Fault.None;

        var failure = await Assert.ThrowsAsync<JournalUnavailableException>(_bench.Open);

        Assert.Contains("head", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_is_never_answered_counts_as_unknown_after_the_time_out()
    {
        var time = new FakeTimeProvider();
        var bench = new JournalBench(_storage, time);
        var (journal, _) = await bench.Open();
        await journal.Append("a");
        var first = true;
        _storage.Misbehave = call => call.Verb == StorageVerb.Write && first ? Silence() : Fault.None;

        var append = journal.Append("b");
        while (first) await Task.Yield();
        while (!append.IsCompleted)
        {
            time.Advance(bench.Options.StoreTimeout);
            await Task.Yield();
        }

        Assert.Equal(2, await append);
        Assert.Equal(["a", "b"], await bench.Recover());

        Fault Silence()
        {
            first = false;
            return Fault.DoneAndSilent;
        }
    }

    [Fact]
    public async Task A_snapshot_that_cannot_be_stored_leaves_the_journal_usable()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        _storage.Misbehave = call => call.Row.StartsWith("snapshot", StringComparison.Ordinal) ? Fault.ErrorBefore : Fault.None;

        await Assert.ThrowsAsync<JournalUnavailableException>(() => journal.Compact([.. Words(300, 1_000)], through: 1));

        _storage.Misbehave = null;
        await journal.Append("b");
        await journal.Compact([.. Words(300, 1_000)], through: 2);
        Assert.Equal(Words(300, 1_000), await _bench.Recover());
    }

    [Fact]
    public async Task Every_flipped_bit_is_found_and_its_row_named()
    {
        await WriteOfEverything();
        foreach (var (name, row) in _storage.Rows.ToArray())
        {
            for (var i = 0; i < row.Payload.Length; i += Math.Max(1, row.Payload.Length / 50))
            {
                var damaged = (byte[])row.Payload.Clone();
                damaged[i] ^= (byte)(1 << (i % 8));
                await RequireDetected(name, row, row with { Payload = damaged });
            }
        }
    }

    [Fact]
    public async Task Truncated_swapped_and_forged_rows_are_found()
    {
        await WriteOfEverything();
        foreach (var (name, row) in _storage.Rows.ToArray())
        {
            await RequireDetected(name, row, row with { Payload = row.Payload[..^1] });
            await RequireDetected(name, row, row with { Payload = [] });
            await RequireDetected(name, row, row with { Epoch = row.Epoch + 1 });
            await RequireDetected(name, row, JournalRow.Seal("another", row.Epoch, row.Payload));
        }
    }

    [Fact]
    public async Task A_missing_row_in_the_middle_is_found()
    {
        await WriteOfEverything();
        _storage.Remove("segment-000002");

        var failure = await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open);

        Assert.Equal("segment-000002", failure.Row);
    }

    [Fact]
    public async Task Whichever_row_of_a_long_tail_is_missing_it_is_found()
    {
        var (journal, _) = await _bench.Open();
        for (var i = 0; i < 40; i++) await journal.Append(Words(1, 17_000));
        var segments = _storage.Names.Where(name => name.StartsWith("segment-", StringComparison.Ordinal)).ToList();
        foreach (var name in segments.SkipLast(1))
        {
            var putBack = _storage.Remember(name);
            _storage.Remove(name);

            var failure = await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open);

            Assert.Equal(name, failure.Row);
            putBack();
        }

        Assert.Equal(40, (await _bench.Recover()).Count);
    }

    [Fact]
    public async Task A_journal_with_a_short_tail_is_read_with_a_few_reads()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append(Words(1, 17_000));
        await journal.Append(Words(1, 17_000));
        var before = _storage.Reads;

        var (owner, _) = await _bench.Open();
        await owner.Cleaned;

        // The head, the one row that there is with three behind it, the head again, and a snapshot that the owner before has not finished.
        Assert.Equal(7, _storage.Reads - before);
    }

    [Fact]
    public async Task A_row_of_a_newer_version_is_refused_and_left_alone()
    {
        await WriteOfEverything();
        var newer = new JournalRow { Format = JournalRow.CurrentFormat + 1, Epoch = 1, Payload = [1] };
        _storage.Tamper("head", _ => newer with { Checksum = newer.ChecksumFor("head") });
        var writes = _storage.Writes;

        var failure = await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open);

        Assert.Contains("newer version", failure.Message, StringComparison.Ordinal);
        Assert.Equal(writes, _storage.Writes);
    }

    /// <summary>A head with an inline tail, a snapshot in rows, segments of one and of several rows.</summary>
    private async Task WriteOfEverything()
    {
        var (journal, _) = await _bench.Open();
        await journal.Append("a");
        await journal.Compact([.. Words(300, 1_000)], through: 1);
        await journal.Append(Words(1, 17_000));
        await journal.Append(Words(1, 17_000));
        await journal.Append(Words(300, 1_000));
        await journal.Append("z");
        Assert.Equal(7, _storage.Names.Count());
    }

    private async Task RequireDetected(string name, JournalRow good, JournalRow bad)
    {
        // Opening rewrites the head, so each damage gets a store of its own making.
        var head = _storage.Rows.Single(row => row.Name == "head").Row;
        _storage.Tamper(name, _ => bad);
        var failure = await Assert.ThrowsAsync<JournalCorruptException>(_bench.Open);
        Assert.Equal(name, failure.Row);
        _storage.Tamper("head", _ => head);
        _storage.Tamper(name, _ => good);
    }
}
