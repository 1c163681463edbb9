using System.Reflection;
using System.Runtime.InteropServices;

namespace OrleansScheduler.Agent;

/// <summary>What the agent says about its node: found out once, so that capacity does not change under the tasks that hold it.</summary>
internal static class NodeFacts
{
    /// <summary>Looks at the machine; settings win over what is found.</summary>
    public static NodeDescription Detect(AgentOptions options)
    {
        var limits = MachineLimits.Detect("/", Environment.ProcessorCount);
        _ = PortRange.TryParse(options.Ports, out var ports);
        return new()
        {
            Id = options.NodeId,
            Host = options.Host,
            Capacity = new(
                Amount.Millis(options.Capacity.Cpu) ?? limits.CpuMillis,
                Amount.MiB(options.Capacity.Memory) ?? limits.MemoryMiB,
                Amount.MiB(options.Capacity.Disk)
                    ?? new DriveInfo(Path.GetFullPath(options.StateDirectory)).AvailableFreeSpace / (1024 * 1024),
                Amount.Millis(options.Capacity.Gpus) ?? 0),
            FirstPort = ports.First,
            PortCount = ports.Count,
            Attributes = Attributes(options),
            Reserved = DeclaredResources.Reserved(options),
            Custom = DeclaredResources.Custom(options),
            Overcommit = options.Overcommit,
            BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            AgentVersion = typeof(NodeFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
                ?? "",
        };
    }

    private static IEnumerable<string> Drivers(AgentOptions options)
    {
        yield return TaskDrivers.Process;
        if (ContainerEngine.IsOffered(options.Container)) yield return TaskDrivers.Container;
        if (OciRuntime.IsOffered(options)) yield return TaskDrivers.Oci;
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<string>> Attributes(AgentOptions options)
    {
        var attributes = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        attributes["os"] = ["linux"];
        attributes["arch"] = [RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()];
        attributes["host"] = [options.Host];
        foreach (var (name, values) in options.Attributes)
            attributes[name] = [.. values.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

        // Not for settings to say: jobs are placed by it.
        attributes[TaskDrivers.Attribute] = [.. Drivers(options)];
        return attributes.ToImmutable();
    }
}
