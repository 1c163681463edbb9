using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>
/// A number that two sides compare to see whether they know the same attempts in the same states. Order does not matter, so both can keep
/// it as they go.
/// </summary>
public static class Digest
{
    private const ulong Offset = 14695981039346656037UL;
    private const ulong Prime = 1099511628211UL;

    /// <summary>One attempt's share; the digest is the sum (wrapping) over all attempts.</summary>
    /// <remarks>FNV-1a over the name, mixed with the sequence by the finaliser of SplitMix64.</remarks>
    public static ulong Of(AttemptId attempt, long sequence)
    {
        var hash = Add(Offset, attempt.Job.Role);
        hash = Add(hash, '/', attempt.Job.Environment);
        hash = Add(hash, '/', attempt.Job.Name);
        hash = Add(hash, '/', attempt.Instance);
        hash = Add(hash, '#', attempt.Number);
        hash += (ulong)sequence * 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }

    // Piece by piece: the name is hashed twice for every report, and the text need not be made for that.
    private static ulong Add(ulong hash, char separator, ReadOnlySpan<char> text) => Add((hash ^ separator) * Prime, text);

    private static ulong Add(ulong hash, char separator, int number)
    {
        Span<char> digits = stackalloc char[11];
        _ = number.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
        return Add(hash, separator, digits[..length]);
    }

    private static ulong Add(ulong hash, ReadOnlySpan<char> text)
    {
        foreach (var c in text) hash = (hash ^ c) * Prime;
        return hash;
    }
}
