namespace OrleansScheduler.Chaos;

/// <summary>Equal nodes that only exist in this program.</summary>
internal static class VirtualNodes
{
    private static readonly Resources Size = new(64_000, 256 * 1024, 0, 0);

    /// <summary>The node with this number.</summary>
    public static NodeDescription Of(int number) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"virtual-{number:00000}"),
        Host = "virtual",
        Capacity = Size,
        BootId = "virtual",
    };
}
