namespace OrleansScheduler.Cli;

/// <summary>How this program is started again, for example jobs that run it.</summary>
internal static class SelfCommand
{
    /// <summary>The executable, or <c>dotnet</c> with the assembly when that is how it was started.</summary>
    public static string Value { get; } = Find(Environment.ProcessPath ?? "", Path.Combine(AppContext.BaseDirectory, "osched.dll"));

    private static string Find(string process, string assembly) =>
        Path.GetFileNameWithoutExtension(process) == "osched" ? process : $"{process} {assembly}";
}
