using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Whether the file system of the sandboxes has as much room left as it is to keep.</summary>
/// <param name="state">Where it is.</param>
/// <param name="options">How much.</param>
internal sealed class DiskRoom(StateDirectory state, IOptions<AgentOptions> options)
{
    /// <summary>
    /// Once there was too little, a fifth more has to be free before there is enough: the cell must not hear of every file.
    /// </summary>
    private const double Relief = 1.2;

    private const long MiB = 1024 * 1024;
    private readonly Lock _lock = new();
    private bool _isShort;

    /// <summary>Where free and total bytes come from; tests say their own.</summary>
    internal Func<(long Free, long Total)> Measure { get; set; } = () =>
    {
        var drive = new DriveInfo(state.Root);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    };

    /// <summary>What is free.</summary>
    public long FreeMiB => Measure().Free / MiB;

    /// <summary>Whether that is too little.</summary>
    public bool IsShort
    {
        get
        {
            lock (_lock)
            {
                var (free, total) = Measure();
                var least = total / 100.0 * options.Value.MinFreeDisk;
                return _isShort = free < (_isShort ? Math.Min(least * Relief, (least + total) / 2) : least);
            }
        }
    }
}
