namespace OrleansScheduler.Agent;

/// <summary>The program that supervises a task: machine code where it could be built, otherwise the same one on the runtime.</summary>
internal sealed class ShimProgram
{
    /// <param name="directory">Where it is.</param>
    public ShimProgram(string directory)
    {
        var native = System.IO.Path.Combine(directory, "osched-shim");
        var assembly = System.IO.Path.Combine(directory, "osched-shim.dll");
        if (File.Exists(native)) (Path, Arguments) = (native, []);
        else if (File.Exists(assembly)) (Path, Arguments) = (Runtime(), [assembly]);
        else throw new AgentStartException($"The program osched-shim is missing from {directory}; the agent starts tasks with it.");
    }

    /// <summary>What is executed.</summary>
    public string Path { get; }

    /// <summary>Arguments that come before its own.</summary>
    public ImmutableArray<string> Arguments { get; }

    /// <summary>Whether it is machine code.</summary>
    public bool IsNative => Arguments.IsEmpty;

    private static string Runtime() =>
        Environment.ProcessPath is { } path && System.IO.Path.GetFileName(path) == "dotnet" ? path : "dotnet";
}
