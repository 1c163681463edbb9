using System.Globalization;
using System.Numerics;
using System.Text;

namespace OrleansScheduler.Core;

/// <summary>Reads and writes quantities as people write them: <c>0.5</c>, <c>500m</c>, <c>256MiB</c>, <c>15s</c>. Exact: nothing is
/// rounded silently.</summary>
public static class Units
{
    private const long BytesPerMiB = 1L << 20;

    /// <summary>Sizes are kept in MiB but agents count bytes, so a size must also fit 64 bits as bytes.</summary>
    private const long MaxMiB = long.MaxValue / BytesPerMiB;

    /// <summary>No quantity that fits 64 bits needs more; a limit keeps a hostile number from costing time.</summary>
    private const int MaxNumberLength = 64;

    private const string SizeRule = "write a number and KiB, MiB, GiB or TiB, such as 256MiB";
    private const string DurationRule = "write numbers with d, h, m, s or ms, largest first, such as 15s, 500ms or 1h30m";

    private static readonly (string Suffix, long MiB)[] Sizes = [("TiB", 1024 * 1024), ("GiB", 1024), ("MiB", 1)];

    private static readonly (string Suffix, long Bytes)[] ByteUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ];

    private static readonly (string Suffix, long Milliseconds)[] TimeUnits =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    private enum Reading
    {
        Exact,
        NotANumber,
        TooLarge,
    }

    /// <summary>Reads thousandths of a core or GPU: <c>0.5</c> and <c>500m</c> are both 500.</summary>
    /// <returns>The thousandths, or a problem <c>bad-quantity</c> or <c>number-out-of-range</c>. A minus sign is read: whether it may be
    /// is for the caller to say.</returns>
    public static Answer<long> ParseMillis(string text)
    {
        var inMillis = text.EndsWith('m');
        var number = inMillis ? text.AsSpan(0, text.Length - 1) : text;
        switch (ReadDecimal(number, out var digits, out var scale))
        {
            case Reading.NotANumber:
                return NotANumber(text, "an amount", "write a number such as 2, 0.5 or 500m");
            case Reading.TooLarge:
                return TooLarge(text);
        }

        var millis = inMillis ? digits : digits * 1000;
        if (millis % scale != 0)
            return BadQuantity(text, "an amount", "is finer than a thousandth; write it as whole thousandths, such as 500m");
        millis /= scale;
        return millis < -long.MaxValue || millis > long.MaxValue ? TooLarge(text) : (long)millis;
    }

    /// <summary>Reads a size: <c>256MiB</c>, <c>1.5GiB</c>. Decimal units are read when they are a whole number of MiB.</summary>
    /// <returns>The size in MiB, or a problem <c>bad-quantity</c> or <c>number-out-of-range</c>. A minus sign is read, as in
    /// <see cref="ParseMillis"/>.</returns>
    public static Answer<long> ParseMiB(string text)
    {
        var unit = ByteUnits.FirstOrDefault(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        if (unit.Suffix is null)
        {
            return ReadDecimal(text, out _, out _) == Reading.Exact
                ? BadQuantity(text, "a size", $"has no unit; did you mean {text}MiB?")
                : NotANumber(text, "a size", SizeRule);
        }

        switch (ReadDecimal(text.AsSpan(0, text.Length - unit.Suffix.Length), out var digits, out var scale))
        {
            case Reading.NotANumber:
                return NotANumber(text, "a size", SizeRule);
            case Reading.TooLarge:
                return TooLarge(text);
        }

        var (whole, rest) = BigInteger.DivRem(digits * unit.Bytes, scale * BytesPerMiB);
        if (whole > MaxMiB || whole < -MaxMiB) return TooLarge(text);
        if (rest == 0) return (long)whole;
        var below = FormatMiB((long)whole);
        var above = FormatMiB((long)whole + (digits < 0 ? -1 : 1));
        return BadQuantity(text, "a size", $"is not a whole number of MiB; write {(whole == 0 ? above : $"{below} or {above}")}");
    }

    /// <summary>Reads a duration: <c>15s</c>, <c>500ms</c>, <c>1h30m</c>, <c>2d</c>.</summary>
    /// <returns>The duration, or a problem <c>bad-quantity</c> or <c>number-out-of-range</c>. A minus sign is read, as in
    /// <see cref="ParseMillis"/>.</returns>
    public static Answer<TimeSpan> ParseDuration(string text)
    {
        var negative = text.StartsWith('-');
        var rest = negative ? text.AsSpan(1) : text;
        if (ReadDecimal(rest, out _, out _) == Reading.Exact) return BadQuantity(text, "a duration", $"has no unit; did you mean {text}s?");
        if (rest.IsEmpty) return NotANumber(text, "a duration", DurationRule);

        BigInteger milliseconds = 0;
        var largestAllowed = 0;
        while (!rest.IsEmpty)
        {
            var digitsEnd = rest.IndexOfAnyExceptInRange('0', '9');
            if (digitsEnd <= 0) return NotANumber(text, "a duration", DurationRule);
            var unitEnd = rest[digitsEnd..].IndexOfAnyInRange('0', '9');
            var suffix = unitEnd < 0 ? rest[digitsEnd..] : rest.Slice(digitsEnd, unitEnd);
            var unit = IndexOfTimeUnit(suffix);
            if (unit < largestAllowed) return NotANumber(text, "a duration", DurationRule);
            if (ReadDecimal(rest[..digitsEnd], out var digits, out _) == Reading.TooLarge) return TooLarge(text);

            milliseconds += digits * TimeUnits[unit].Milliseconds;
            largestAllowed = unit + 1;
            rest = rest[(digitsEnd + suffix.Length)..];
        }

        if (milliseconds > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond) return TooLarge(text);
        return TimeSpan.FromMilliseconds((long)(negative ? -milliseconds : milliseconds));
    }

    /// <summary>Thousandths as a decimal number: 500 is <c>0.5</c>.</summary>
    public static string FormatMillis(long millis) => (millis / 1000m).ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>MiB in the largest unit that keeps it whole: 2048 is <c>2GiB</c>.</summary>
    public static string FormatMiB(long miB)
    {
        foreach (var (suffix, factor) in Sizes)
        {
            if (miB != 0 && miB % factor == 0) return $"{miB / factor}{suffix}";
        }

        return $"{miB}MiB";
    }

    /// <summary>A duration in mixed units, largest first: 90 minutes are <c>1h30m</c>. Whole milliseconds; what is finer is cut
    /// off.</summary>
    public static string FormatDuration(TimeSpan duration)
    {
        var rest = duration.Ticks / TimeSpan.TicksPerMillisecond;
        if (rest == 0) return "0s";
        var text = new StringBuilder(rest < 0 ? "-" : "");
        foreach (var (suffix, milliseconds) in TimeUnits)
        {
            var count = Math.Abs(rest / milliseconds);
            if (count != 0) text.Append(CultureInfo.InvariantCulture, $"{count}{suffix}");
            rest %= milliseconds;
        }

        return text.ToString();
    }

    private static int IndexOfTimeUnit(ReadOnlySpan<char> suffix)
    {
        for (var i = 0; i < TimeUnits.Length; i++)
        {
            if (suffix.SequenceEqual(TimeUnits[i].Suffix)) return i;
        }

        return -1;
    }

    /// <summary>Reads <c>-12.34</c> as -1234 over 100.</summary>
    private static Reading ReadDecimal(ReadOnlySpan<char> text, out BigInteger digits, out BigInteger scale)
    {
        digits = 0;
        scale = 1;
        var number = text is ['-', ..] ? text[1..] : text;
        var point = number.IndexOf('.');
        var whole = point < 0 ? number : number[..point];
        var fraction = point < 0 ? [] : number[(point + 1)..];
        if (whole.IsEmpty || (point >= 0 && fraction.IsEmpty)) return Reading.NotANumber;
        if (whole.ContainsAnyExceptInRange('0', '9') || fraction.ContainsAnyExceptInRange('0', '9')) return Reading.NotANumber;
        if (number.Length > MaxNumberLength) return Reading.TooLarge;

        digits = BigInteger.Parse($"{whole}{fraction}", NumberStyles.None, CultureInfo.InvariantCulture);
        scale = BigInteger.Pow(10, fraction.Length);
        if (text is ['-', ..]) digits = -digits;
        return Reading.Exact;
    }

    private static Problem NotANumber(string text, string what, string rule)
    {
        var bare = text.TrimStart('+', '-', '.');
        var isNumber = double.TryParse(bare, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        if (isNumber && !double.IsFinite(value) || bare.ToUpperInvariant() is "NAN" or "INF") return TooLarge(text);
        return isNumber && bare.Contains('e', StringComparison.OrdinalIgnoreCase)
            ? BadQuantity(text, what, "has an exponent; write the number out")
            : BadQuantity(text, what, $"is not {what}; {rule}");
    }

    private static Problem BadQuantity(string text, string what, string message) =>
        Problem.Of(
            ProblemKind.Invalid, JobCode.BadQuantity,
            text.Length == 0 ? $"An empty text is not {what}." : $"{FieldWords.Show(text)} {message}{(message.EndsWith('?') ? "" : ".")}");

    private static Problem TooLarge(string text) =>
        Problem.Of(ProblemKind.Invalid, JobCode.NumberOutOfRange,
            $"{FieldWords.Show(text)} is not a number that can be kept here; write a smaller, finite one.");
}
