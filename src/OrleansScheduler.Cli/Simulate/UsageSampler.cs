using OrleansScheduler.Agent;

namespace OrleansScheduler.Cli;

/// <summary>Looks at what tasks hold from time to time: how full the nodes are, and how evenly roles share them.</summary>
internal sealed class UsageSampler(SimulatedJobs jobs, Resources capacity)
{
    private static readonly string[] Names = ["cpu", "memory", "disk", "gpus"];

    private readonly double[] _peaks = new double[Names.Length];
    private readonly double[] _sums = new double[Names.Length];
    private double[] _shares = [];
    private int _samples;

    /// <summary>Takes one look; nothing is noted while nothing runs.</summary>
    public void Look()
    {
        var byRole = jobs.UsedByRole();
        var used = PartsOf(byRole.Aggregate(Resources.None, (sum, role) => sum + role));
        if (used.All(part => part == 0)) return;
        _samples++;
        if (_shares.Length == 0) _shares = new double[byRole.Length];
        for (var i = 0; i < byRole.Length; i++) _shares[i] += PartsOf(byRole[i]).Max();
        for (var i = 0; i < used.Length; i++)
        {
            _peaks[i] = Math.Max(_peaks[i], used[i]);
            _sums[i] += used[i];
        }
    }

    /// <summary>How full it was.</summary>
    public PackingFigures Packing()
    {
        var most = Array.IndexOf(_peaks, _peaks.Max());
        return new(Names[most], _peaks[most], _samples == 0 ? 0 : _sums[most] / _samples);
    }

    /// <summary>Jain's index; 1 when nothing ran.</summary>
    public double Fairness()
    {
        var squares = _shares.Sum(share => share * share);
        return squares == 0 ? 1 : Math.Pow(_shares.Sum(), 2) / (_shares.Length * squares);
    }

    private double[] PartsOf(Resources amount) =>
    [
        Part(amount.CpuMillis, capacity.CpuMillis), Part(amount.MemoryMiB, capacity.MemoryMiB), Part(amount.DiskMiB, capacity.DiskMiB),
        Part(amount.GpuMillis, capacity.GpuMillis),
    ];

    private static double Part(long amount, long whole) => whole == 0 ? 0 : (double)amount / whole;
}
