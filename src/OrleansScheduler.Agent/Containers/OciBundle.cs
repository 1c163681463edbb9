using System.Text.Json.Nodes;

namespace OrleansScheduler.Agent;

/// <summary>What a container of the driver <c>oci</c> is made of.</summary>
internal sealed record OciBundle
{
    /// <summary>The words that it runs.</summary>
    public required ImmutableArray<string> Arguments { get; init; }

    /// <summary>Its variables, as <c>NAME=value</c>.</summary>
    public required ImmutableArray<string> Env { get; init; }

    public required OciUser User { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string HostName { get; init; }

    /// <summary>Directory of the node that is its root.</summary>
    public required string Root { get; init; }

    /// <summary>Directory of the node that it sees under the same name.</summary>
    public required string Sandbox { get; init; }

    public required TaskSpec Spec { get; init; }

    public required ImmutableArray<VolumeSpec> Volumes { get; init; }

    public required ImmutableArray<string> Capabilities { get; init; }

    /// <summary>Its control group in every hierarchy.</summary>
    public required string Group { get; init; }

    public required int MaxProcesses { get; init; }

    /// <summary>Whether the kernel accounts for swap, so that it can be limited.</summary>
    public required bool LimitsSwap { get; init; }

    /// <summary>The file <c>config.json</c> of the OCI runtime specification 1.0.</summary>
    public JsonObject ToJson() => new()
    {
        ["ociVersion"] = "1.0.2",
        ["process"] = new JsonObject
        {
            ["terminal"] = false,
            ["user"] = new JsonObject
            {
                ["uid"] = User.Id,
                ["gid"] = User.Group,
                ["additionalGids"] =
                List(User.OtherGroups.Select(id => (JsonNode)id))
            },
            ["args"] = Texts(Arguments),
            ["env"] = Texts(Env),
            ["cwd"] = WorkingDirectory,
            ["capabilities"] = Capable(),
            ["noNewPrivileges"] = true,
            ["rlimits"] = List(Spec.Rlimits.Select(Rlimited)),
        },
        ["root"] = new JsonObject { ["path"] = Root, ["readonly"] = Spec.Container.ReadOnly },
        ["hostname"] = HostName,
        ["mounts"] = List(Mounts()),
        ["linux"] = new JsonObject
        {
            ["namespaces"] = List(Namespaces().Select(kind => new JsonObject { ["type"] = kind })),
            ["cgroupsPath"] = Group,
            ["resources"] = Limits(),
            ["seccomp"] = Seccomp.Profile(),
            ["maskedPaths"] = Texts([
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]),
            ["readonlyPaths"] = Texts(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]),
        },
    };

    /// <summary>
    /// Writes down a process that runs beside that of a bundle and is all that that one is: not every runtime takes account and directory
    /// over by itself.
    /// </summary>
    /// <param name="bundle">The bundle's directory.</param>
    /// <param name="command">The words that it runs.</param>
    /// <param name="terminalKind">The kind of its terminal; null for none.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">There is no such bundle, or no room.</exception>
    public static string WriteProcess(string bundle, IEnumerable<string> command, string? terminalKind)
    {
        var process = JsonNode.Parse(File.ReadAllBytes(Path.Combine(bundle, "config.json")))!["process"]!.AsObject();
        process["args"] = Texts(command);
        process["terminal"] = terminalKind is not null;
        if (terminalKind is not null) process["env"]!.AsArray().Add($"TERM={terminalKind}");
        var path = Path.Combine(bundle, $"exec.{Guid.NewGuid():n}.json");
        File.WriteAllText(path, process.ToJsonString());
        return path;
    }

    private IEnumerable<string> Namespaces()
    {
        string[] always = ["pid", "ipc", "uts", "mount", "cgroup"];
        return Spec.Container.Network == ContainerNetwork.None ? always.Append("network") : always;
    }

    private JsonObject Capable()
    {
        var sets = new JsonObject();
        foreach (var set in (string[])["bounding", "effective", "permitted", "inheritable", "ambient"])
            sets[set] = Texts(Capabilities.Select(name => "CAP_" + name));
        return sets;
    }

    private static JsonNode Rlimited(KeyValuePair<string, long> limit) => new JsonObject
    {
        ["type"] = "RLIMIT_" + limit.Key.ToUpperInvariant(),
        ["soft"] = unchecked((ulong)limit.Value),
        ["hard"] = unchecked((ulong)limit.Value),
    };

    private JsonObject Limits()
    {
        const long Period = 100_000;
        const long LeastQuota = 1000;
        var (cpu, bytes) = (Spec.Resources.CpuMillis, Spec.Resources.MemoryMiB << 20);
        var memory = new JsonObject { ["limit"] = bytes };
        if (LimitsSwap) memory["swap"] = bytes;
        return new()
        {
            ["devices"] = List([new JsonObject { ["allow"] = false, ["access"] = "rwm" }]),
            ["memory"] = memory,
            ["cpu"] = new JsonObject
            {
                ["shares"] = Math.Clamp(cpu * 1024 / 1000, 2, 262_144),
                ["quota"] = Math.Max(cpu * Period / 1000, LeastQuota),
                ["period"] = Period,
            },
            ["pids"] = new JsonObject { ["limit"] = MaxProcesses },
        };
    }

    private IEnumerable<JsonNode> Mounts()
    {
        yield return Mount("proc", "proc", "/proc", "nosuid", "noexec", "nodev");
        yield return Mount("tmpfs", "tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=65536k");
        yield return Mount("devpts", "devpts", "/dev/pts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620");
        yield return Mount("tmpfs", "shm", "/dev/shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");
        yield return Mount("mqueue", "mqueue", "/dev/mqueue", "nosuid", "noexec", "nodev");
        yield return Mount("sysfs", "sysfs", "/sys", "nosuid", "noexec", "nodev", "ro");
        if (Spec.Container.ReadOnly) yield return Mount("tmpfs", "tmpfs", "/tmp", "nosuid", "nodev", "mode=1777");
        foreach (var file in (string[])["/etc/hosts", "/etc/resolv.conf"])
        {
            if (Spec.Container.Network == ContainerNetwork.Host && File.Exists(file))
                yield return Mount("bind", file, file, "bind", "ro", "nosuid", "nodev", "noexec");
        }

        yield return Mount("bind", Sandbox, Sandbox, "rbind", "rw", "nosuid", "nodev");
        foreach (var volume in Volumes.OrderBy(volume => volume.Target.Length))
            yield return Mount("bind", volume.Source, volume.Target, "rbind", volume.ReadOnly ? "ro" : "rw", "nosuid", "nodev");
    }

    private static JsonObject Mount(string type, string source, string target, params string[] options) => new()
    {
        ["destination"] = target,
        ["type"] = type,
        ["source"] = source,
        ["options"] = Texts(options),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => List(texts.Select(text => (JsonNode)text));

    private static JsonArray List(IEnumerable<JsonNode> items) => [.. items];
}
