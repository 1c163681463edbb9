namespace OrleansScheduler.Gateway;

/// <summary>What callers may see and do inside tasks. Section <c>Cell:Access</c>; every gateway of a cell has its own.</summary>
internal sealed class AccessOptions
{
    /// <summary>Whether the files of sandboxes may be read. Default false.</summary>
    public bool Files { get; set; }

    /// <summary>Whether commands may be run in tasks. Default false.</summary>
    public bool Exec { get; set; }

    /// <summary>Why files may not be read; null when they may.</summary>
    public Problem? RefuseFiles() => Files ? null : Refuse("Reading the files of tasks", nameof(Files));

    /// <summary>Why commands may not be run; null when they may.</summary>
    public Problem? RefuseExec() => Exec ? null : Refuse("Running commands in tasks", nameof(Exec));

    private static Problem Refuse(string what, string setting) => Problem.Of(
        ProblemKind.NotAllowed, "not-allowed", $"{what} is not allowed in this cell; whoever runs it can set Cell:Access:{setting}=true.");
}
