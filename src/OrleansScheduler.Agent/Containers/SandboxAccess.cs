namespace OrleansScheduler.Agent;

/// <summary>Lets whatever account a container runs as write into its sandbox, and nobody else on the node get there.</summary>
internal static class SandboxAccess
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Everybody = Own
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.StickyBit;

    public static void Open(AttemptDirectory attempt, bool toOthers)
    {
        Posix.ChangeMode(attempt.Root, Own);
        if (!toOthers) return;
        Posix.ChangeMode(attempt.Sandbox, Everybody);
        Posix.ChangeMode(Path.Combine(attempt.Sandbox, "tmp"), Everybody);
    }
}
