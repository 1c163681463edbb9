namespace OrleansScheduler.Core;

/// <summary>What one round of planning has decided so far, and how much it may still do.</summary>
internal sealed class PlanRound(DateTimeOffset now, int maxPlacements, long maxLooks)
{
    private const long LooksPerRow = 4;

    private readonly List<(DemandGroup Group, Placement Placement)> _placed = [];
    private readonly List<(LedgerJob Job, HeldSpec Spec, Placement Placement)> _kept = [];
    private long _looked;

    public DateTimeOffset Now { get; } = now;

    public bool IsOver => _placed.Count >= maxPlacements || _looked >= maxLooks;

    public List<Preemption> Preemptions { get; } = [];

    public List<LedgerEvent.PromiseEnded> Broken { get; } = [];

    /// <summary>Whether there is more to do than the round did.</summary>
    public bool HasMore { get; set; }

    /// <summary>How often all nodes and what runs there were searched.</summary>
    public int Searches { get; private set; }

    /// <summary>Counts a search through all nodes and what runs there.</summary>
    public void Search(int nodes, int tasks)
    {
        Searches++;
        Look((nodes + tasks) * LooksPerRow);
    }

    public void Look(long blocks) => _looked += blocks;

    public void Add(DemandGroup group, Placement placement) => _placed.Add((group, placement));

    /// <summary>An attempt got what it was promised.</summary>
    public void Keep(LedgerJob job, HeldSpec spec, Placement placement) => _kept.Add((job, spec, placement));

    public int Mark() => _placed.Count;

    public void Rewind(int mark) => _placed.RemoveRange(mark, _placed.Count - mark);

    public LedgerPlan Conclude(int blocked, bool hasMore, TimeSpan longestWait) =>
        new([.. Reservations()], blocked, hasMore, longestWait)
        {
            Preemptions = [.. Preemptions],
            Broken = [.. Broken],
            Looked = _looked,
        };

    /// <summary>Attempts of a group on one node in a row become one reservation.</summary>
    private IEnumerable<Reservation> Reservations()
    {
        foreach (var (job, spec, placement) in _kept) yield return Reserve(job, spec, [placement]);
        var from = 0;
        for (var i = 1; i <= _placed.Count; i++)
        {
            if (i < _placed.Count && _placed[i].Group == _placed[from].Group
                && ReferenceEquals(_placed[i].Placement.Node, _placed[from].Placement.Node)) continue;
            var group = _placed[from].Group;
            yield return Reserve(group.Job, group.Spec, _placed[from..i].ConvertAll(p => p.Placement));
            from = i;
        }
    }

    private Reservation Reserve(LedgerJob job, HeldSpec spec, List<Placement> placements) =>
        Ledger.ReservationOf(job.Key, placements[0].Node, spec, Now) with
        {
            Attempts = [.. placements.Select(p => p.Attempt)],
            Ports = Flat(placements, p => p.Ports),
            Devices = Flat(placements, p => p.Devices),
            Items = Flat(placements, p => p.Items),
            Generation = placements[0].Generation,
        };

    private static ImmutableArray<T> Flat<T>(List<Placement> placements, Func<Placement, ImmutableArray<T>> part) =>
        part(placements[0]).IsEmpty ? [] : [.. placements.SelectMany(p => part(p))];
}
