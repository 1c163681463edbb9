namespace OrleansScheduler.Agent;

/// <summary>How tasks are kept apart: section <c>Agent:Isolation</c>.</summary>
public sealed class IsolationOptions
{
    /// <summary>Everything that the machine offers.</summary>
    public const string Auto = "auto";

    /// <summary>Nothing: tasks are processes of the agent's own account, and nobody holds them to their limits.</summary>
    public const string None = "none";

    /// <summary><c>auto</c> (default) or <c>none</c>.</summary>
    public string Level { get; set; } = Auto;

    /// <summary>
    /// Account of tasks that name none: a name, a number, or <c>self</c> for the agent's own. Default <c>nobody</c> for an agent that
    /// runs as
    /// root; another one can only use its own.
    /// </summary>
    public string User { get; set; } = "nobody";

    /// <summary>Accounts that jobs may name, with commas between; <c>*</c> is any but root. Default none.</summary>
    public string Users { get; set; } = "";

    /// <summary>Directories besides their sandbox that tasks may write to, with commas between. Default none.</summary>
    public string Writable { get; set; } = "";

    /// <summary>Control group below which the agent makes its own, as a path from the root of the tree. Default the root.</summary>
    public string CgroupParent { get; set; } = "";

    /// <summary>
    /// Whether a task never gets more processor time than it asked for; otherwise only when others want theirs. Default true.
    /// </summary>
    public bool CpuQuota { get; set; } = true;

    /// <summary>How many processes and threads a task may have. 1 to 1,000,000, default 4096.</summary>
    public int MaxProcesses { get; set; } = 4096;
}
