namespace OrleansScheduler.Core;

/// <summary>A command given as one text is run by the shell.</summary>
internal static class ShellCommand
{
    public static ImmutableArray<string> Of(string script) => ["/bin/sh", "-c", script];

    /// <summary>The script of a command that <see cref="Of"/> made; null for any other.</summary>
    public static string? ScriptOf(ImmutableArray<string> command) => command is ["/bin/sh", "-c", var script] ? script : null;
}
