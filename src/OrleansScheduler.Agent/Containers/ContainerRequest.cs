using System.Globalization;
using Docker.DotNet.Models;
using TaskSpec = OrleansScheduler.Core.TaskSpec;

namespace OrleansScheduler.Agent;

/// <summary>What the node adds to what a job says about its container.</summary>
internal sealed record ContainerRequest
{
    public required string Name { get; init; }

    public required string AgentId { get; init; }

    public required string Image { get; init; }

    public required ImmutableArray<VolumeSpec> Volumes { get; init; }

    public required ImmutableArray<string> Capabilities { get; init; }

    public required string HostIp { get; init; }

    public required int MaxProcesses { get; init; }

    /// <summary>The file without which it cannot be started; null when it needs none.</summary>
    public required string? Permit { get; init; }

    /// <summary>The container as an engine is asked for it.</summary>
    public static CreateContainerParameters Of(ContainerRequest request, Attempt attempt, TaskEnvironment environment)
    {
        var spec = attempt.Spec!;
        var container = spec.Container;
        var bytes = spec.Resources.MemoryMiB << 20;
        var parameters = new CreateContainerParameters
        {
            Name = request.Name,
            Image = request.Image,
            Env = [.. ContainerEnvironment.Of([], spec, environment).Where(variable => !IsDefaultPath(variable, spec))],
            User = spec.User,
            WorkingDir = container.WorkingDirectory,
            Labels = new Dictionary<string, string>
            {
                [ContainerNames.AgentLabel] = request.AgentId,
                [ContainerNames.AttemptLabel] = attempt.Id.ToString(),
            },
            HostConfig = new()
            {
                Memory = bytes,
                MemorySwap = bytes,
                NanoCPUs = spec.Resources.CpuMillis * 1_000_000,
                CPUShares = Math.Clamp(spec.Resources.CpuMillis * 1024 / 1000, 2, 262_144),
                PidsLimit = request.MaxProcesses,

                // Always both: engines that may not raise limits fail with their own defaults.
                Ulimits = [.. Limits(spec)],
                CapDrop = ["ALL"],
                CapAdd = [.. request.Capabilities],
                SecurityOpt = ["no-new-privileges"],
                ReadonlyRootfs = container.ReadOnly,
                NetworkMode = container.Network switch
                {
                    ContainerNetwork.None => "none",
                    ContainerNetwork.Bridge => "bridge",
                    _ => "host",
                },
                Binds = [.. Binds(request, attempt)],
                RestartPolicy = new() { Name = RestartPolicyKind.No },
            },
        };
        if (container.Entrypoint is not []) parameters.Entrypoint = [.. container.Entrypoint.Select(environment.Substitute)];
        if (spec.Command is not []) parameters.Cmd = [.. spec.Command.Select(environment.Substitute)];
        if (request.Permit is { } permit)
        {
            parameters.HostConfig.Mounts =
                [new() { Type = "bind", Source = permit, Target = ContainerGuard.PermitInside, ReadOnly = true }];
        }

        if (container.ReadOnly) parameters.HostConfig.Tmpfs = new Dictionary<string, string> { ["/tmp"] = "rw,nosuid,nodev,mode=1777" };
        if (container.Network == ContainerNetwork.Bridge) AddPorts(parameters, request.HostIp, attempt);
        return parameters;
    }

    private static IEnumerable<string> Binds(ContainerRequest request, Attempt attempt)
    {
        var sandbox = attempt.Directory.Sandbox;
        yield return $"{sandbox}:{sandbox}:rw";
        foreach (var volume in request.Volumes) yield return $"{volume.Source}:{volume.Target}:{(volume.ReadOnly ? "ro" : "rw")}";
    }

    private static void AddPorts(CreateContainerParameters parameters, string hostIp, Attempt attempt)
    {
        var spec = attempt.Spec!;
        parameters.ExposedPorts = new Dictionary<string, EmptyStruct>();
        parameters.HostConfig.PortBindings = new Dictionary<string, IList<PortBinding>>();
        foreach (var (name, outside) in spec.Ports.Zip(attempt.Record.Ports))
        {
            var inside = spec.Container.Ports.TryGetValue(name, out var other) ? other : outside;
            foreach (var protocol in (string[])["tcp", "udp"])
            {
                var port = $"{inside.ToString(CultureInfo.InvariantCulture)}/{protocol}";
                parameters.ExposedPorts[port] = default;
                parameters.HostConfig.PortBindings[port] =
                    [new() { HostIP = hostIp, HostPort = outside.ToString(CultureInfo.InvariantCulture) }];
            }
        }

        // Without capabilities nobody could listen on port 80, and nothing but the container is in its network.
        parameters.HostConfig.Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "0" };
    }

    /// <summary>Where programs are is for the image to say, unless the job does.</summary>
    private static bool IsDefaultPath(string variable, TaskSpec spec) =>
        variable.StartsWith("PATH=", StringComparison.Ordinal) && !spec.Env.ContainsKey("PATH");

    private static IEnumerable<Ulimit> Limits(TaskSpec spec) => spec.Rlimits
        .Union([new("nofile", ProcessLimits.OpenFiles), new("nproc", ProcessLimits.Processes)])
        .DistinctBy(limit => limit.Key)
        .Select(limit => new Ulimit { Name = limit.Key, Soft = limit.Value, Hard = limit.Value });
}
