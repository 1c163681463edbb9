namespace OrleansScheduler.Agent;

/// <summary>Settings of tasks that run images: section <c>Agent:Container</c>.</summary>
public sealed class ContainerOptions
{
    /// <summary>
    /// Socket of an engine that speaks the API of Docker, or <c>none</c>. Default: <c>/var/run/docker.sock</c>, then podman's, whichever
    /// is there.
    /// </summary>
    public string? Socket { get; set; }

    /// <summary>The OCI runtime of the driver <c>oci</c>, or <c>none</c>. Default: <c>runc</c> where programs are looked for.</summary>
    public string? Runtime { get; set; }

    /// <summary>
    /// What tasks may mount: directories with all that is in them, and names of the engine's volumes (<c>*</c> for all of those), with
    /// commas between. Default nothing.
    /// </summary>
    public string Mounts { get; set; } = "";

    /// <summary>Directories out of which images may be loaded, with commas between. Default none.</summary>
    public string Images { get; set; } = "";

    /// <summary>Capabilities that a task may ask for, with commas between. It has none unless it asks.</summary>
    public string Capabilities { get; set; } = "CHOWN,DAC_OVERRIDE,FOWNER,KILL,NET_BIND_SERVICE,SETGID,SETUID";

    /// <summary>Address of the node on which ports of containers with a bridge are reached. Default 127.0.0.1.</summary>
    public string HostIp { get; set; } = "127.0.0.1";

    /// <summary>Most processes and threads of one container. 1 to 4,000,000, default 4,096.</summary>
    public int MaxProcesses { get; set; } = 4096;

    /// <summary>How long pulling or unpacking an image may take. 1 s to 1 d, default 10 min.</summary>
    public TimeSpan PullTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How large an image may be that the agent unpacks. Default 20GiB.</summary>
    public string MaxImageSize { get; set; } = "20GiB";

    /// <summary>How many unpacked images are kept that no task uses. Default 10.</summary>
    public int ImagesKept { get; set; } = 10;

    /// <summary>How long an engine may be silent about a container whose processes are gone before the task counts as lost. Default 1
    /// min.</summary>
    public TimeSpan EngineGrace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The items of a setting that is a list.</summary>
    internal static ImmutableArray<string> Split(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
