using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class BackupFileTests
{
    private static readonly BackupHeader Header = new()
    {
        Format = BackupFormat.Version,
        Cell = "east",
        Product = "0.1.0",
        StorageFormat = 1,
        StoreIncarnation = 1,
        TakenAt = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public async Task A_backup_says_what_is_in_it()
    {
        var content = (await BackupCheck.Run(new MemoryStream(await Write()), TestContext.Current.CancellationToken)).Value!;
        Assert.Equal(Header, content.Header);
        Assert.Equal((2, 1, 9L), (content.Owners["job"], content.Owners["node"], content.Bytes));
    }

    [Fact]
    public async Task Every_flipped_bit_and_every_missing_byte_is_found()
    {
        var good = await Write();
        for (var at = 0; at < good.Length; at++)
        {
            var flipped = (byte[])good.Clone();
            flipped[at] ^= (byte)(1 << (at % 8));
            await RequireDamage(flipped);
            await RequireDamage(good[..at]);
        }

        await RequireDamage([.. good, 0]);
    }

    [Fact]
    public async Task A_damaged_record_is_named()
    {
        var damaged = await Write();
        damaged[^300] ^= 1;
        var problem = (await BackupCheck.Run(new MemoryStream(damaged), TestContext.Current.CancellationToken)).Problem!;
        Assert.Equal("backup-damaged", problem.Code);
        Assert.Matches("^Record [0-9]+ of the backup, at byte [0-9]+, is damaged: its checksum does not fit", problem.Message);
    }

    [Fact]
    public async Task A_backup_of_a_newer_form_is_refused_with_both_versions()
    {
        var newer = await Write(Header with { Format = 2, Product = "9.0.0" });
        var problem = (await BackupCheck.Run(new MemoryStream(newer), TestContext.Current.CancellationToken)).Problem!;
        Assert.Contains("format 2 of 9.0.0; this build reads up to 1", problem.Message);
    }

    [Fact]
    public async Task A_copy_that_was_begun_again_counts_once()
    {
        var file = await Write(Header, [("job", "a/b/c", 0, [1, 2], 4), ("job", "a/b/c", 0, [1, 2], 4), ("job", "a/b/c", 2, [3, 4], 4)]);
        Assert.Equal(4, (await BackupCheck.Run(new MemoryStream(file), TestContext.Current.CancellationToken)).Value!.Bytes);
    }

    [Fact]
    public async Task A_part_that_is_missing_is_found()
    {
        var file = await Write(Header, [("job", "a/b/c", 0, [1, 2], 6), ("job", "a/b/c", 4, [5, 6], 6)]);
        var problem = (await BackupCheck.Run(new MemoryStream(file), TestContext.Current.CancellationToken)).Problem!;
        Assert.Contains("job/a/b/c in the backup is damaged: a part is missing", problem.Message);
    }

    private static async Task RequireDamage(byte[] bytes) => Assert.Equal(
        "backup-damaged", (await BackupCheck.Run(new MemoryStream(bytes), TestContext.Current.CancellationToken)).Problem?.Code);

    private static Task<byte[]> Write(BackupHeader? header = null) => Write(
        header ?? Header,
        [
            ("job", "a/b/c", 0, [1, 2, 3], 3), ("node", "n1", 0, [4, 5], 2),
            ("job", "a/b/d", 0, [6, 7], 4), ("job", "a/b/d", 2, [8, 9], 4),
        ]);

    private static async Task<byte[]> Write(BackupHeader header, (string Type, string Key, int Offset, byte[] Bytes, int Length)[] parts)
    {
        var file = new MemoryStream();
        using var writer = new BackupWriter(file);
        await writer.Begin(header, TestContext.Current.CancellationToken);
        foreach (var (type, key, offset, bytes, length) in parts)
            await writer.Add(GrainId.Create(type, key), new(1, 1, length, offset, bytes), TestContext.Current.CancellationToken);
        await writer.End(TestContext.Current.CancellationToken);
        return file.ToArray();
    }
}
