namespace OrleansScheduler.Core;

/// <summary>The rules that a task with an image must keep, and what only such a task may say.</summary>
internal static class ContainerRules
{
    /// <summary>Most volumes of one container.</summary>
    public const int MaxVolumes = 64;

    private const string Root = TaskFileReader.Path;
    private const string Section = $"{Root}.container";

    public static void Check(TaskSpec task, JobFindings findings)
    {
        if (!TaskDrivers.All.Contains(task.Driver))
        {
            findings.Add(JobCode.UnknownValue, $"{Root}.driver",
                $"{FieldWords.Show(task.Driver)} is not a driver; write one of {string.Join(", ", TaskDrivers.All)}.");
            return;
        }

        if (!TaskDrivers.RunsImages(task.Driver))
        {
            if (task.Image is not null)
                findings.Add(JobCode.NotForDriver, $"{Root}.image", "Only the drivers container and oci run images; name one as 'driver'.");
            if (task.Container != new ContainerSpec())
                findings.Add(JobCode.NotForDriver, Section, "Only the drivers container and oci have this; name one as 'driver'.");
            return;
        }

        if (task.Processes is not [])
            findings.Add(JobCode.NotForDriver, $"{Root}.processes", "A container runs one command; name the process driver, or a script.");
        CheckImage(task, findings);
        CheckNetwork(task, findings);
        CheckVolumes(task, findings);
        CheckProgram(task.Container, findings);
    }

    private static void CheckImage(TaskSpec task, JobFindings findings)
    {
        const string Path = $"{Root}.image";
        if (task.Image is not { } text)
        {
            findings.Add(JobCode.Required, Path, $"The driver {task.Driver} needs an image, such as registry.example/web:1.");
            return;
        }

        findings.CheckText(text, Path);
        findings.CheckLength(text, Path);
        if (ImageName.Parse(text) is not { } image)
            findings.Add(JobCode.ImageName, Path,
                $"{FieldWords.Show(text)} is no image: write name:tag or name@sha256:…, or oci-archive:, oci: or docker-archive: and an "
                    + "absolute path.");
        else if (task.Driver == TaskDrivers.Oci && image.Path is null)
            findings.Add(JobCode.NotForDriver, Path,
                "The oci driver asks no registry: write oci-archive:, oci: or docker-archive: and a path, or use the driver container.");
    }

    private static void CheckNetwork(TaskSpec task, JobFindings findings)
    {
        var container = task.Container;
        findings.CheckDefined(container.Network, $"{Section}.network");
        if (task.Driver == TaskDrivers.Oci && container.Network == ContainerNetwork.Bridge)
            findings.Add(JobCode.NotForDriver, $"{Section}.network",
                "The oci driver has the networks host and none; use the driver container.");
        if (container.Network == ContainerNetwork.None
            && (task.Health?.Probe is HealthProbe.Http or HealthProbe.Tcp || task.Health?.Readiness is not (null or HealthProbe.Command)))
            findings.Add(JobCode.ContainerPort, $"{Section}.network",
                "Nobody reaches the ports of a container without a network; ask for its health by a command.");
        var inside = new Dictionary<int, string>();
        foreach (var (name, port) in container.Ports)
        {
            var path = JobFilePath.Join($"{Section}.ports", name);
            if (container.Network != ContainerNetwork.Bridge)
                findings.Add(JobCode.ContainerPort, path, "Only with 'network: bridge' a port has another number inside.");
            if (!task.Ports.Contains(name))
                findings.Add(JobCode.ContainerPort, path,
                    $"The task has no port {FieldWords.Show(name)}; name it in 'resources.ports' too.");
            findings.CheckRange(port, WholeRange.Port, path);
            if (!inside.TryAdd(port, name))
                findings.Add(JobCode.ContainerPort, path, $"This is the port of {FieldWords.Show(inside[port])} already.");
        }
    }

    private static void CheckVolumes(TaskSpec task, JobFindings findings)
    {
        var volumes = task.Container.Volumes;
        if (volumes.Length > MaxVolumes)
        {
            findings.Add(JobCode.AboveMaximum, $"{Section}.volumes", $"A container has at most {MaxVolumes} volumes.");
            return;
        }

        var targets = new HashSet<string>();
        for (var i = 0; i < volumes.Length; i++)
        {
            var (volume, path) = (volumes[i], $"{Section}.volumes[{i}]");
            if (volume.IsPath ? !IsPath(volume.Source) : !JobKey.IsValidPart(volume.Source))
                findings.Add(JobCode.VolumePath, $"{path}.source",
                    $"{FieldWords.Show(volume.Source)} is no absolute path without '.' and '..', and no name of a volume.");
            else if (!volume.IsPath && task.Driver == TaskDrivers.Oci)
                findings.Add(JobCode.NotForDriver, $"{path}.source", "The oci driver has no volumes of its own; write a path of the node.");
            if (!IsPath(volume.Target) || volume.Target == "/")
                findings.Add(JobCode.VolumePath, $"{path}.target",
                    $"{FieldWords.Show(volume.Target)} is no absolute path below '/' without '.' and '..'.");
            else if (!targets.Add(volume.Target))
                findings.Add(JobCode.VolumePath, $"{path}.target", $"{FieldWords.Show(volume.Target)} is taken by another volume.");
        }
    }

    private static void CheckProgram(ContainerSpec container, JobFindings findings)
    {
        if (container.Entrypoint is not []) findings.CheckCommand(container.Entrypoint, $"{Section}.entrypoint");
        if (container.WorkingDirectory is { } directory && !IsPath(directory))
            findings.Add(JobCode.VolumePath, $"{Section}.working-dir",
                $"{FieldWords.Show(directory)} is no absolute path without '.' and '..'.");
        for (var i = 0; i < container.Capabilities.Length; i++)
        {
            var name = container.Capabilities[i];
            if (name.Length is 0 or > 32 || name.StartsWith("CAP_", StringComparison.Ordinal)
                || !name.All(c => char.IsAsciiLetterUpper(c) || c == '_'))
                findings.Add(JobCode.UnknownValue, $"{Section}.capabilities[{i}]",
                    $"{FieldWords.Show(name)} is no capability; write one such as NET_BIND_SERVICE, without CAP_.");
        }
    }

    /// <summary>Whether a text is an absolute path that means what it says, without characters that lists of mounts give a
    /// meaning.</summary>
    private static bool IsPath(string text) =>
        text is ['/', ..] && text.Length <= 1024 && FieldWords.IsWellFormed(text) && !text.Any(c => c is ':' or ',' || char.IsControl(c))
        && text.Split('/').All(part => part is not ("." or "..")) && !text.Contains("//", StringComparison.Ordinal)
        && (text == "/" || text[^1] != '/');
}
