using System.Reflection;

namespace OrleansScheduler.Agent;

/// <summary>What the agent says about its node: found out once, so that capacity does not change under the tasks that hold it.</summary>
internal static class NodeFacts
{
    /// <summary>Looks at the machine; settings win over what is found.</summary>
    public static NodeDescription Detect(AgentOptions options)
    {
        var limits = MachineLimits.Detect("/", Environment.ProcessorCount);
        _ = PortRange.TryParse(options.Ports, out var ports);
        var gpus = options.Capacity.Gpus is { Length: > 0 } ? default : GpuDetection.Detect("/", options.GpuTool);
        return new()
        {
            Id = options.NodeId,
            Host = options.Host,
            Capacity = Capacity(options, new(
                limits.CpuMillis, limits.MemoryMiB,
                new DriveInfo(Path.GetFullPath(options.StateDirectory)).AvailableFreeSpace / (1024 * 1024), gpus.Count * 1000L)),
            FirstPort = ports.First,
            PortCount = ports.Count,
            Attributes = Attributes(options, gpus),
            Reserved = DeclaredResources.Reserved(options),
            Custom = DeclaredResources.Custom(options),
            Overcommit = options.Overcommit,
            OvercommitByUse = options.OvercommitByUse,
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

    /// <summary>
    /// What may be given to tasks: what was found less what the system keeps, but where the settings say how much. A machine that is
    /// smaller than what it is to keep has nothing to give.
    /// </summary>
    public static Resources Capacity(AgentOptions options, Resources found)
    {
        var kept = DeclaredResources.System(options);
        return new(
            Amount.Millis(options.Capacity.Cpu) ?? Math.Max(0, found.CpuMillis - kept.CpuMillis),
            Amount.MiB(options.Capacity.Memory) ?? Math.Max(0, found.MemoryMiB - kept.MemoryMiB),
            Amount.MiB(options.Capacity.Disk) ?? Math.Max(0, found.DiskMiB - kept.DiskMiB),
            Amount.Millis(options.Capacity.Gpus) ?? Math.Max(0, found.GpuMillis - kept.GpuMillis));
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<string>> Attributes(AgentOptions options, GpuDetection gpus)
    {
        var attributes = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (var (name, values) in MachineAttributes.Detect("/")) attributes[name] = values;
        if (gpus.Models is { IsDefaultOrEmpty: false } models) attributes["gpu-model"] = models;
        attributes["host"] = [options.Host];
        foreach (var (name, values) in options.Attributes)
            attributes[name] = [.. values.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

        // Not for settings to say: jobs are placed by it.
        attributes[TaskDrivers.Attribute] = [.. Drivers(options)];
        return attributes.ToImmutable();
    }
}
