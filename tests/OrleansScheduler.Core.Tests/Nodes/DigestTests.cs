namespace OrleansScheduler.Core.Tests;

public sealed class DigestTests
{
    /// <summary>Agents and silos of different versions compare their digests: the number is part of the protocol.</summary>
    [Theory]
    [InlineData("shop/prod/web/3#2", 2)]
    [InlineData("a/b/c/0#1", 0)]
    [InlineData("role.sub/test/a-very_long.name/9999#2147483647", 3)]
    public void The_digest_is_the_hash_of_the_written_name_and_the_sequence(string name, long sequence)
    {
        Assert.True(AttemptId.TryParse(name, out var attempt));
        var hash = 14695981039346656037UL;
        foreach (var c in name) hash = (hash ^ c) * 1099511628211UL;
        hash += (ulong)sequence * 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        Assert.Equal(hash ^ (hash >> 31), Digest.Of(attempt, sequence));
    }
}
