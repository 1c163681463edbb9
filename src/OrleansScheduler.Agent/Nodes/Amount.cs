using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>Reads the amounts of <see cref="CapacityOptions"/>.</summary>
internal static class Amount
{
    private static readonly (string Suffix, long MiB)[] Sizes = [("TiB", 1024 * 1024), ("GiB", 1024), ("MiB", 1)];

    /// <summary>Whether the text is empty or a number of cores or GPUs.</summary>
    public static bool IsCountOrNothing(string? text) => string.IsNullOrEmpty(text) || Millis(text) is not null;

    /// <summary>Whether the text is empty or a size.</summary>
    public static bool IsSizeOrNothing(string? text) => string.IsNullOrEmpty(text) || MiB(text) is not null;

    /// <summary>Thousandths: <c>0.5</c> and <c>500m</c> are both 500; null when it is no amount.</summary>
    public static long? Millis(string? text) =>
        text is not null && text.EndsWith('m') ? Scaled(text[..^1], 1) : Scaled(text, 1000);

    /// <summary>Size in MiB: <c>2GiB</c> is 2048; null when it is no size.</summary>
    public static long? MiB(string? text)
    {
        foreach (var (suffix, factor) in Sizes)
        {
            if (text is not null && text.EndsWith(suffix, StringComparison.Ordinal)) return Scaled(text[..^suffix.Length], factor);
        }

        return null;
    }

    private static long? Scaled(string? number, long factor) =>
        decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
        && value <= long.MaxValue / 2m / factor && decimal.Truncate(value * factor) == value * factor ? (long)(value * factor) : null;
}
