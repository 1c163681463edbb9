namespace OrleansScheduler.Core;

/// <summary>
/// A number that two sides compare to see whether they know the same attempts in the same states. Order does not matter, so both can keep
/// it as they go.
/// </summary>
public static class Digest
{
    /// <summary>One attempt's share; the digest is the sum (wrapping) over all attempts.</summary>
    /// <remarks>FNV-1a over the name, mixed with the sequence by the finaliser of SplitMix64.</remarks>
    public static ulong Of(AttemptId attempt, long sequence)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in attempt.ToString()) hash = (hash ^ c) * 1099511628211UL;
        hash += (ulong)sequence * 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }
}
