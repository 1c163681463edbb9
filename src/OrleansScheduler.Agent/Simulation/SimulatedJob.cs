using System.Runtime.InteropServices;

namespace OrleansScheduler.Agent;

/// <summary>
/// What virtual nodes saw of one job, instance by instance. It is the witness against the control plane: what ran where is known here
/// without asking it.
/// </summary>
public sealed class SimulatedJob
{
    private readonly Lock _lock = new();
    private readonly SimulatedJobs _jobs;
    private readonly TimeProvider _time;
    private Row[] _rows;

    internal SimulatedJob(SimulatedJobs jobs, string name, int instances, TimeProvider time)
    {
        (_jobs, Name, Instances, _time) = (jobs, name, instances, time);
        _rows = new Row[instances];
        Key = JobKey.TryParse(name, out var key) ? key : default;
    }

    /// <summary>The job's key.</summary>
    public string Name { get; }

    internal JobKey Key { get; }

    /// <summary>How many instances were asked for; 0 for a job of somebody else.</summary>
    public int Instances { get; }

    /// <summary>How long an attempt runs before it ends by itself; zero for ever.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What one instance holds.</summary>
    public Resources Request { get; init; }

    /// <summary>Place of its role among those of the load.</summary>
    public int Role { get; init; }

    /// <summary>Timestamp of the clock just before it was submitted; 0 before.</summary>
    public long SubmittedAt { get; set; }

    /// <summary>Instances that were not seen running or finished, last time anybody looked.</summary>
    public int Missing()
    {
        lock (_lock) return _rows.Take(Instances).Count(row => row is { Running: 0, Finished: false });
    }

    /// <summary>Milliseconds from submit until the cell had made RUNNING durable, for every instance that got there.</summary>
    public void AddTimesToRunning(ICollection<float> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        lock (_lock)
        {
            foreach (ref readonly var row in _rows.AsSpan())
            {
                if (row.ToRunning > 0) times.Add(row.ToRunning);
            }
        }
    }

    /// <summary>A node is asked to start an attempt; whether it may: it has not run there before.</summary>
    internal bool Accept(int node, int instance, int number)
    {
        lock (_lock)
        {
            ref var row = ref RowOf(instance);
            var bit = 1UL << ((number - 1) & 63);
            var isOld = number < row.Number && (number <= 64 ? (row.Started & bit) != 0 : true);
            if (isOld || (number == row.Number && row.Node == node)) return false;
            if (number == row.Number) _jobs.Duplicated();
            row.Started |= bit;
            if (number >= row.Number) (row.Number, row.Node) = (number, node);
            return true;
        }
    }

    /// <summary>An attempt runs.</summary>
    internal void Started(int instance)
    {
        lock (_lock)
        {
            if (++RowOf(instance).Running > 1) _jobs.Duplicated();
        }

        _jobs.Started(this);
    }

    /// <summary>An attempt that ran has ended.</summary>
    internal void Ended(int instance, bool succeeded)
    {
        lock (_lock)
        {
            ref var row = ref RowOf(instance);
            row.Running--;
            row.Finished |= succeeded;
        }

        _jobs.Ended(this, succeeded);
    }

    /// <summary>The cell has made it durable that an attempt runs, or that it ran and ended.</summary>
    internal void Acknowledged(int instance, bool finished)
    {
        var elapsed = SubmittedAt == 0 ? 0 : (float)_time.GetElapsedTime(SubmittedAt).TotalMilliseconds;
        bool first, isFinish;
        lock (_lock)
        {
            ref var row = ref RowOf(instance);
            first = row.ToRunning == 0;
            if (first) row.ToRunning = Math.Max(elapsed, 0.001f);
            isFinish = finished && !row.IsFinishKnown;
            row.IsFinishKnown |= finished;
        }

        if (first) _jobs.RunningIsDurable();
        if (isFinish) _jobs.FinishIsDurable();
    }

    private ref Row RowOf(int instance)
    {
        if (instance >= _rows.Length) Array.Resize(ref _rows, Math.Max(instance + 1, 2 * _rows.Length));
        return ref _rows[instance];
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Row
    {
        public int Number;
        public int Node;
        public ulong Started;
        public int Running;
        public float ToRunning;
        public bool Finished;
        public bool IsFinishKnown;
    }
}
