namespace OrleansScheduler.Cli;

/// <summary>How long tasks have waited.</summary>
internal sealed class Waits
{
    private readonly List<double> _seconds = [];
    private bool _isSorted;

    /// <summary>How many have been noted.</summary>
    public int Count => _seconds.Count;

    /// <summary>Their mean; 0 of none.</summary>
    public double Mean => _seconds.Count == 0 ? 0 : _seconds.Average();

    /// <summary>Notes one.</summary>
    public void Add(double seconds)
    {
        _seconds.Add(seconds);
        _isSorted = false;
    }

    /// <summary>So many percent of all have waited this long at most; 0 of none.</summary>
    public double Percentile(double percent)
    {
        if (_seconds.Count == 0) return 0;
        if (!_isSorted) _seconds.Sort();
        _isSorted = true;
        return _seconds[Math.Clamp((int)Math.Ceiling(percent / 100 * _seconds.Count) - 1, 0, _seconds.Count - 1)];
    }
}
