using static OrleansScheduler.Silo.Tests.JournalBench;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalOnSqliteTests : IAsyncDisposable
{
    private readonly SqliteBench _sqlite = new();

    public ValueTask DisposeAsync() => _sqlite.DisposeAsync();

    [Fact]
    public async Task A_journal_survives_the_store_being_closed()
    {
        var (journal, _) = await new JournalBench(_sqlite.Open()).Open();
        foreach (var word in Words(50, 3_000)) await journal.Append(word);
        await journal.Compact([.. Words(20, 3_000)], through: 20);

        Assert.Equal(Words(50, 3_000), await new JournalBench(await _sqlite.Reopen()).Recover());
    }

    [Fact]
    public async Task The_owner_before_is_refused()
    {
        var bench = new JournalBench(_sqlite.Open());
        var (old, _) = await bench.Open();
        await old.Append(Words(1, 30_000));
        var (owner, _) = await bench.Open();

        await Assert.ThrowsAsync<JournalLostException>(() => old.Append("late"));

        Assert.Equal(2, await owner.Append("b"));
    }

    [Fact]
    public async Task Many_journals_at_once_all_come_back()
    {
        var storage = _sqlite.Open();
        var owners = Enumerable.Range(0, 40).Select(i => GrainId.Create("job", $"shop/prod/{i}"));
        var benches = owners.Select(owner => new JournalBench(storage) { Owner = owner }).ToArray();
        await Task.WhenAll(benches.Select(async bench =>
        {
            var (journal, _) = await bench.Open();
            await Task.WhenAll(Words(100, 400, bench.Owner.ToString()).Select(word => journal.Append(word)));
        }));

        foreach (var bench in benches) Assert.Equal(Words(100, 400, bench.Owner.ToString()), await bench.Recover());
    }

    [Fact]
    public async Task A_bit_that_flips_in_the_file_is_found_and_its_row_named()
    {
        var bench = new JournalBench(_sqlite.Open());
        var (journal, _) = await bench.Open();
        await journal.Append(Words(1, 30_000));
        await journal.Append(Words(1, 30_000));
        await _sqlite.Storage!.DisposeAsync();
        foreach (var at in (int[])[0, 1, 2, 3, 5, 10, 20, 30, 40, 60, 1_000, 20_000])
        {
            await RequireHarmless(bytes => [.. bytes[..at], (byte)(bytes[at] ^ 1), .. bytes[(at + 1)..]], mayBeRead: at < 10);
            await RequireHarmless(bytes => bytes[..at], mayBeRead: false);
        }
    }

    /// <summary>Some bits of the serialiser's envelope say nothing about the row: then it is read as it was written.</summary>
    private async Task RequireHarmless(Func<byte[], byte[]> damage, bool mayBeRead)
    {
        byte[] good = [];
        _sqlite.Tamper("segment-000001", bytes => damage(good = bytes));
        var opening = new JournalBench(_sqlite.Open()).Recover();
        var failure = await Record.ExceptionAsync(() => opening);
        if (failure is not null) Assert.Equal("segment-000001", Assert.IsType<JournalCorruptException>(failure).Row);
        else Assert.True(mayBeRead && (await opening).SequenceEqual([.. Words(1, 30_000), .. Words(1, 30_000)]));
        await _sqlite.Storage!.DisposeAsync();
        _sqlite.Tamper("segment-000001", _ => good);
    }

    /// <summary>Run by hand: <c>-explicit only -method "*writes_a_second*"</c>; the figures are printed.</summary>
    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(256)]
    public async Task How_many_writes_a_second(int callers)
    {
        var storage = _sqlite.Open();
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
        {
            var grain = GrainId.Create("job", $"{caller}");
            var state = new GrainState<JournalRow> { State = new() { Payload = new byte[1_000] } };
            var count = 0;
            for (; clock.GetElapsedTime(started) < TimeSpan.FromSeconds(5); count++) await storage.WriteStateAsync("head", grain, state);
            return count;
        }));
        TestContext.Current.SendDiagnosticMessage(
            $"{callers} callers: {counts.Sum() / clock.GetElapsedTime(started).TotalSeconds:F0} writes/s");
        Assert.True(counts.Sum() > 0);
    }
}
