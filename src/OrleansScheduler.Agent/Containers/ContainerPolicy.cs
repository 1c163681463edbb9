namespace OrleansScheduler.Agent;

/// <summary>What the node's settings let a container have.</summary>
internal sealed class ContainerPolicy(ContainerOptions options)
{
    private readonly ImmutableArray<string> _mounts = ContainerOptions.Split(options.Mounts);
    private readonly ImmutableArray<string> _images = ContainerOptions.Split(options.Images);
    private readonly ImmutableArray<string> _capabilities = ContainerOptions.Split(options.Capabilities);

    /// <summary>The image that a task names.</summary>
    /// <exception cref="TaskStartException">It may not be used here.</exception>
    public ImageName Image(TaskSpec spec)
    {
        var name = spec.Image is { } text ? ImageName.Parse(text) : null;
        if (name is null) throw new TaskStartException($"'{spec.Image}' is no image.");
        if (name.Path is null) return name;
        var path = Real(name.Path) ?? throw new TaskStartException($"The image {name.Text} is not on this node.");
        return IsBelow(path, _images)
            ? name with { Path = path }
            : throw new TaskStartException(
                $"The image {name.Text} is not below a directory that Agent:Container:Images of this node names.");
    }

    /// <summary>Volumes with the paths that they really are.</summary>
    /// <exception cref="TaskStartException">One may not be used here.</exception>
    public ImmutableArray<VolumeSpec> Volumes(TaskSpec spec) => [.. spec.Container.Volumes.Select(volume =>
    {
        if (!volume.IsPath)
        {
            return _mounts.Contains(volume.Source) || _mounts.Contains("*")
                ? volume
                : throw new TaskStartException($"The volume '{volume.Source}' is not among those that Agent:Container:Mounts names.");
        }

        // Links are followed here and not by the engine: one in an allowed directory must not lead out of it.
        var path = Real(volume.Source) ?? throw new TaskStartException($"'{volume.Source}' is not on this node, so it cannot be mounted.");
        return IsBelow(path, _mounts)
            ? volume with { Source = path }
            : throw new TaskStartException($"'{volume.Source}' is not below a directory that Agent:Container:Mounts of this node names.");
    })];

    /// <summary>Capabilities that a task asks for.</summary>
    /// <exception cref="TaskStartException">One may not be given here.</exception>
    public ImmutableArray<string> Capabilities(TaskSpec spec)
    {
        var refused = spec.Container.Capabilities.Where(name => !_capabilities.Contains(name)).ToList();
        return refused.Count == 0
            ? spec.Container.Capabilities
            : throw new TaskStartException($"The capability {refused[0]} is not among those that Agent:Container:Capabilities names.");
    }

    private static string? Real(string path) => Posix.RealPath(path);

    private static bool IsBelow(string path, ImmutableArray<string> allowed) => allowed.Where(directory => directory.StartsWith('/'))
        .Select(Real)
        .Any(directory => directory is not null && (directory == "/" || path == directory
            || path.StartsWith(directory + "/", StringComparison.Ordinal)));
}
