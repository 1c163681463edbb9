namespace OrleansScheduler.Agent;

/// <summary>Reads the amounts of <see cref="CapacityOptions"/>.</summary>
internal static class Amount
{
    /// <summary>Whether the text is empty or a number of cores or GPUs.</summary>
    public static bool IsCountOrNothing(string? text) => string.IsNullOrEmpty(text) || Millis(text) is not null;

    /// <summary>Whether the text is empty or a size.</summary>
    public static bool IsSizeOrNothing(string? text) => string.IsNullOrEmpty(text) || MiB(text) is not null;

    /// <summary>Thousandths: <c>0.5</c> and <c>500m</c> are both 500; null when it is no amount.</summary>
    public static long? Millis(string? text) => NotNegative(text, Units.ParseMillis);

    /// <summary>Size in MiB: <c>2GiB</c> is 2048; null when it is no size.</summary>
    public static long? MiB(string? text) => NotNegative(text, Units.ParseMiB);

    private static long? NotNegative(string? text, Func<string, Answer<long>> parse) =>
        !string.IsNullOrEmpty(text) && parse(text) is { Problem: null, Value: >= 0 and var amount } ? amount : null;
}
