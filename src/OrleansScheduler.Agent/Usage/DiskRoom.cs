using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Whether the file system of the sandboxes has as much room left as it is to keep.</summary>
/// <param name="state">Where it is.</param>
/// <param name="options">How much.</param>
internal sealed class DiskRoom(StateDirectory state, IOptions<AgentOptions> options)
{
    private const long MiB = 1024 * 1024;

    /// <summary>Where free and total bytes come from; tests say their own.</summary>
    internal Func<(long Free, long Total)> Measure { get; set; } = () =>
    {
        var drive = new DriveInfo(state.Root);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    };

    /// <summary>What is free.</summary>
    public long FreeMiB => Measure().Free / MiB;

    /// <summary>Whether that is too little.</summary>
    public bool IsShort => Measure() is var (free, total) && free < total / 100.0 * options.Value.MinFreeDisk;
}
