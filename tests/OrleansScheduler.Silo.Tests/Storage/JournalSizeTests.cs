namespace OrleansScheduler.Silo.Tests;

public sealed class JournalSizeTests(ITestOutputHelper output)
{
    private const int Kept = 100;

    [Fact]
    public Task A_journal_stays_as_small_as_its_state_however_often_that_changes() => RequireBound(changes: 5_000, length: 400);

    /// <summary>Run by hand: <c>-explicit only -class "*.JournalSizeTests" -showliveoutput</c>; the figures are printed.</summary>
    [Fact(Explicit = true)]
    public Task A_hundred_thousand_changes() => RequireBound(changes: 100_000, length: 400);

    /// <summary>A state of the last hundred words, a new owner every thousand changes, a snapshot whenever the journal wants one.</summary>
    private async Task RequireBound(int changes, int length)
    {
        var storage = new FaultyStorage();
        var bench = new JournalBench(storage);
        var (most, mostRows) = (0L, 0);
        var (journal, state) = await bench.Open();
        for (var change = 0; change < changes; change++)
        {
            if (change % 1000 == 999) (journal, state) = await bench.Open();
            var word = $"{change}".PadRight(length, '.');
            await journal.Append(word);
            state = [.. state.TakeLast(Kept - 1), word];
            if (!journal.WantsSnapshot) continue;
            await journal.Compact(state, journal.LastNumber);
            await journal.Cleaned;
            var bytes = storage.Rows.Sum(row => (long)row.Row.Payload.Length);
            (most, mostRows) = (Math.Max(most, bytes), Math.Max(mostRows, storage.Rows.Count()));
        }

        output.WriteLine($"{changes} changes of {length} bytes, {Kept} kept: at most {most} bytes in {mostRows} rows after a snapshot");
        Assert.InRange(most, Kept * length, 4 * Kept * length);
        Assert.InRange(mostRows, 1, JournalLog.MaxClaims + 8);
    }
}
