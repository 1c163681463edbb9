namespace OrleansScheduler.Gateway;

/// <summary>What this cell is called and how often it hears of its nodes. Section <c>Cell</c>.</summary>
internal sealed class CellOptions
{
    /// <summary>The cell's name, shown to users. Default <c>cell</c>.</summary>
    public string Name { get; set; } = "cell";

    /// <summary>
    /// How often agents say that they live. Default 1 s; cells of thousands of nodes take 5 to 10 s, well below the silo's
    /// <c>Cell:UnreachableAfter</c>. From 50 ms to 30 s, which is what agents accept.
    /// </summary>
    public TimeSpan HeartbeatPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What callers may see and do of running tasks beyond their output.</summary>
    public AccessOptions Access { get; set; } = new();
}
