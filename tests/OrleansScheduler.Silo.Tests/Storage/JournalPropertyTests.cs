using CsCheck;

namespace OrleansScheduler.Silo.Tests;

public sealed class JournalPropertyTests
{
    private static readonly Gen<(byte, byte)[]> Scripts = Gen.Select(Gen.Byte, Gen.Byte).Array[1, 400];

    [Fact]
    public void Whatever_fails_and_whoever_races_acknowledged_entries_are_recovered_once_and_in_order() =>
        Scripts.Sample(script => JournalSimulation.Play(script), iter: 1_000, threads: 1);

    [Fact]
    public void The_scripts_reach_every_outcome()
    {
        var (acknowledged, refused, unknown) = (0, 0, 0);
        foreach (var script in Enumerable.Range(0, 200).Select(RandomScript))
        {
            var result = JournalSimulation.Play(script);
            acknowledged += result.Acknowledged;
            refused += result.Refused;
            unknown += result.Unknown;
        }

        Assert.True(acknowledged > 100, $"{acknowledged} acknowledged");
        Assert.True(refused > 100, $"{refused} refused");
        Assert.True(unknown > 10, $"{unknown} unknown");
    }

    private static (byte, byte)[] RandomScript(int seed)
    {
        var bytes = new byte[800];
        new Random(seed).NextBytes(bytes);
        return [.. bytes.Chunk(2).Select(pair => (pair[0], pair[1]))];
    }
}
