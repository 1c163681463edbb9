namespace OrleansScheduler.Agent;

/// <summary>The variables of a container: the image's, what the agent says about the task, and the job's own over both.</summary>
/// <remarks>Nothing of the node's: its paths and its language mean nothing in there.</remarks>
internal static class ContainerEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static ImmutableArray<string> Of(ImmutableArray<string> image, TaskSpec spec, TaskEnvironment environment)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath };
        foreach (var variable in image)
        {
            if (variable.IndexOf('=', StringComparison.Ordinal) is > 0 and var at) variables[variable[..at]] = variable[(at + 1)..];
        }

        foreach (var (name, value) in environment.Variables)
        {
            if (IsAboutTheTask(name) || spec.Env.ContainsKey(name)) variables[name] = value;
        }

        return [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
    }

    private static bool IsAboutTheTask(string name) => name != "OSCHED_BIN"
        && (name.StartsWith("OSCHED_", StringComparison.Ordinal) || name.StartsWith(PortName.VariablePrefix, StringComparison.Ordinal)
            || name is "CUDA_VISIBLE_DEVICES" or "NVIDIA_VISIBLE_DEVICES");
}
