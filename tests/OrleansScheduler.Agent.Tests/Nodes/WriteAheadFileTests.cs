using CsCheck;

namespace OrleansScheduler.Agent.Tests;

/// <summary>What is left of the agent's file when the power goes.</summary>
public sealed class WriteAheadFileTests : IDisposable
{
    private const string Owner = "the owner";
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-wal-").FullName;

    private string File1 => Path.Combine(_directory, "wal");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_file_that_was_cut_at_any_byte_gives_a_beginning_and_takes_more()
    {
        using (var file = new WriteAheadFile(File1, Owner)) file.Append([Entry(1), Entry(2), Entry(3)], durable: true);
        var whole = File.ReadAllBytes(File1);
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(File1, whole[..length]);
            int kept;
            using (var file = new WriteAheadFile(File1, Owner))
            {
                kept = file.Entries.Length;
                Assert.Equal(Enumerable.Range(1, kept), file.Entries.Select(Number));
                file.Append([Entry(9)], durable: true);
            }

            using var next = new WriteAheadFile(File1, Owner);
            Assert.Equal([.. Enumerable.Range(1, kept), 9], next.Entries.Select(Number));
        }
    }

    [Fact]
    public void A_bit_that_flips_in_what_was_durable_is_found_and_named()
    {
        using (var file = new WriteAheadFile(File1, Owner))
        {
            file.Append([Entry(1)], durable: true);
            file.Append([Entry(2)], durable: true);
        }

        var whole = File.ReadAllBytes(File1);
        var lastEntry = whole.Length - 16 - Entry(2).Length;
        for (var bit = 0; bit < lastEntry * 8; bit++)
        {
            var broken = whole.ToArray();
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(File1, broken);
            var refused = Assert.Throws<AgentStartException>(() => new WriteAheadFile(File1, Owner));
            Assert.Contains(File1, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Whatever_the_disk_keeps_of_what_was_not_durable_nothing_durable_is_lost_and_nothing_made_up() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var path = Path.Combine(_directory, $"{seed}");
            List<int> expected = [];
            var next = 0;
            for (var life = 0; life < 4; life++)
            {
                var durable = 0;
                byte[] atSync;
                using (var file = new WriteAheadFile(path, Owner))
                {
                    var found = file.Entries.Select(Number).ToList();
                    Assert.Equal(expected.Take(found.Count), found);
                    expected = found;
                    durable = found.Count;
                    atSync = File.ReadAllBytes(path);
                    for (var batch = random.Next(6); batch > 0; batch--)
                    {
                        if (random.Next(8) == 0)
                        {
                            file.Rewrite([.. expected.Select(Entry)]);
                            durable = expected.Count;
                            atSync = File.ReadAllBytes(path);
                        }

                        var entries = Enumerable.Range(0, random.Next(1, 4)).Select(_ => next++).ToList();
                        var sync = random.Next(2) == 0;
                        file.Append([.. entries.Select(Entry)], sync);
                        expected.AddRange(entries);
                        if (!sync) continue;
                        durable = expected.Count;
                        atSync = File.ReadAllBytes(path);
                    }
                }

                LosePower(path, atSync, random);
                using var after = new WriteAheadFile(path, Owner);
                var left = after.Entries.Select(Number).ToList();
                Assert.InRange(left.Count, durable, expected.Count);
                Assert.Equal(expected.Take(left.Count), left);
                expected = left;
            }

            File.Delete(path);
        }, iter: 60, threads: 1);

    /// <summary>The disk keeps what was durable, and of the rest any blocks: as they were written, as zeros, or not at all.</summary>
    private static void LosePower(string path, byte[] durable, Random random)
    {
        var whole = File.ReadAllBytes(path);
        var length = random.Next(durable.Length, whole.Length + 1);
        var kept = whole[..length];
        for (var at = durable.Length; at < length;)
        {
            var block = Math.Min(random.Next(1, 40), length - at);
            if (random.Next(3) == 0) kept.AsSpan(at, block).Clear();
            at += block;
        }

        File.WriteAllBytes(path, kept);
    }

    private static byte[] Entry(int number) => System.Text.Encoding.ASCII.GetBytes($"entry {number:d6} {new string('x', number % 30)}");

    private static int Number(ReadOnlyMemory<byte> entry) =>
        int.Parse(entry.Span[6..12], System.Globalization.CultureInfo.InvariantCulture);
}
