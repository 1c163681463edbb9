namespace OrleansScheduler.Shim;

/// <summary>How this program starts itself again.</summary>
internal static class Self
{
    /// <summary>The running program, also when its file was replaced since.</summary>
    public const string Program = "/proc/self/exe";

    /// <summary>The first arguments: its name, and behind it the assembly where a runtime runs it.</summary>
    public static ImmutableArray<string> Words { get; } =
        Path.GetFileName(Environment.ProcessPath) == "dotnet" ? ["dotnet", Environment.GetCommandLineArgs()[0]] : ["osched-shim"];
}
