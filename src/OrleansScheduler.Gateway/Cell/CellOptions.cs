namespace OrleansScheduler.Gateway;

/// <summary>What this cell is called. Section <c>Cell</c>.</summary>
internal sealed class CellOptions
{
    /// <summary>The cell's name, shown to users. Default <c>cell</c>.</summary>
    public string Name { get; set; } = "cell";
}
