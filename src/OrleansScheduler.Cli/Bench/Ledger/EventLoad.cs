namespace OrleansScheduler.Cli;

/// <summary>
/// The same steady state as <see cref="DecisionLoad"/>, through everything that the ledger does: demands come as events, a round plans
/// all that is there, and attempts are released as events.
/// </summary>
internal sealed class EventLoad
{
    private const double Fill = 0.85;

    private readonly Ledger _ledger = new(new LedgerOptions { Policy = PlacementPolicy.BestFit });
    private readonly Queue<Reservation> _placed = new();
    private readonly Random _random = new(1);
    private readonly List<TraceTask> _tasks = WorkloadTrace.ReadTasks(null);
    private readonly long _gpuTarget;
    private readonly int _size;
    private long _gpuUsed;
    private int _jobs;

    /// <summary>Fills a cell.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="size">Tasks to a job.</param>
    public EventLoad(int nodes, int size)
    {
        _size = size;
        var machines = WorkloadTrace.ReadNodes(null);
        var gpu = 0L;
        for (var i = 0; i < nodes; i++)
        {
            var machine = machines[_random.Next(machines.Count)];
            gpu += machine.Capacity.GpuMillis;
            _ledger.Apply(new LedgerEvent.NodeChanged(
                new() { Id = $"n{i}", Host = "n", Capacity = machine.Capacity, FirstPort = 31_000, PortCount = 1_000 }, 1, true,
                MaintenanceMode.None));
        }

        _gpuTarget = (long)(gpu * Fill);
        for (var i = 0; _gpuUsed < _gpuTarget && i < nodes; i++) Round(1 + (256 / _size));
    }

    /// <summary>One round with so many new jobs.</summary>
    public void Round(int jobs)
    {
        for (var i = 0; i < jobs; i++)
        {
            var task = _tasks[_random.Next(_tasks.Count)];
            var key = new JobKey("bench", "prod", $"job{_jobs++}");
            var attempts = ImmutableArray.CreateBuilder<AttemptRef>(_size);
            for (var j = 0; j < _size; j++) attempts.Add(new(j, 1));
            var demand = new Demand
            {
                Version = 1,
                Request = task.Request,
                Since = DateTimeOffset.UnixEpoch,
                Attempts = attempts.MoveToImmutable(),
            };
            _ledger.Apply(new LedgerEvent.Demanded(key, [demand]));
        }

        foreach (var reservation in _ledger.Plan(DateTimeOffset.UnixEpoch).Reservations)
        {
            _placed.Enqueue(reservation);
            _gpuUsed += reservation.Request.GpuMillis * reservation.Attempts.Length;
        }

        while (_gpuUsed > _gpuTarget && _placed.TryDequeue(out var oldest))
        {
            _ledger.Apply(new LedgerEvent.Released(oldest.Job, oldest.Attempts));
            _gpuUsed -= oldest.Request.GpuMillis * oldest.Attempts.Length;
        }
    }
}
