namespace OrleansScheduler.Core;

/// <summary>Reads and writes the <c>container:</c> section of a task.</summary>
internal static class ContainerSection
{
    public static ContainerSpec Read(JobFileSection? container)
    {
        var defaults = new ContainerSpec();
        return container is null
            ? defaults
            : new()
            {
                Network = container.Choice<ContainerNetwork>("network") ?? defaults.Network,
                Ports = container.WholesByName("ports", WholeRange.Port),
                Volumes = [.. container.Sections("volumes").Select(ReadVolume)],
                Entrypoint = container.Texts("entrypoint"),
                WorkingDirectory = container.Text("working-dir"),
                ReadOnly = container.Flag("read-only") ?? defaults.ReadOnly,
                Capabilities = container.Texts("capabilities"),
            };
    }

    public static MappingWriter Write(ContainerSpec container)
    {
        var ports = new MappingWriter();
        foreach (var (name, port) in container.Ports) ports.Whole(name, port, null);
        return new MappingWriter()
            .Text("network", JobFileSection.NameOf(container.Network), JobFileSection.NameOf(default(ContainerNetwork)))
            .Section("ports", ports)
            .List("volumes", container.Volumes, WriteVolume)
            .Texts("entrypoint", container.Entrypoint)
            .Text("working-dir", container.WorkingDirectory)
            .Flag("read-only", container.ReadOnly, false)
            .Texts("capabilities", container.Capabilities);
    }

    private static VolumeSpec ReadVolume(JobFileSection volume)
    {
        volume.Require("source");
        volume.Require("target");
        return new(volume.Text("source") ?? "", volume.Text("target") ?? "", volume.Flag("read-only") ?? false);
    }

    private static JobFileNode WriteVolume(VolumeSpec volume) => new MappingWriter()
        .Text("source", volume.Source)
        .Text("target", volume.Target)
        .Flag("read-only", volume.ReadOnly, false)
        .ToNode();
}
