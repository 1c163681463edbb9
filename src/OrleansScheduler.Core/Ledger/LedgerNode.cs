namespace OrleansScheduler.Core;

/// <summary>One node in the ledger: what it is, what of it is held, and by whom.</summary>
internal sealed class LedgerNode(string id, int index)
{
    public string Id { get; } = id;

    public int Index { get; } = index;

    public NodeDescription Description { get; private set; } = null!;

    public long Generation { get; private set; }

    public bool Reachable { get; private set; }

    public MaintenanceMode Mode { get; private set; }

    public Resources Used { get; set; }

    public int Tasks { get; set; }

    public PortSet Ports { get; private set; } = new(0, 0);

    /// <summary>May be negative when the capacity shrank below what runs: then nothing new fits and what runs stays.</summary>
    public Resources Free => Description.Capacity - Used;

    public bool TakesTasks => Reachable && Mode == MaintenanceMode.None;

    public string Status => !Reachable ? "unreachable" : Mode switch
    {
        MaintenanceMode.Draining => "draining",
        MaintenanceMode.Drained => "drained",
        _ => "ready",
    };

    /// <summary>Takes news over; false when it is from an older session.</summary>
    public bool Change(LedgerEvent.NodeChanged change, IEnumerable<int> portsInUse)
    {
        if (change.Generation < Generation) return false;
        var rebuild = Description is null || Ports.First != change.Description.FirstPort || Ports.Count != change.Description.PortCount;
        Description = change.Description;
        Generation = change.Generation;
        Reachable = change.Reachable;
        Mode = change.Mode;
        if (rebuild)
        {
            Ports = new PortSet(change.Description.FirstPort, change.Description.PortCount);
            foreach (var port in portsInUse) Ports.Take(port);
        }

        return true;
    }

    public NodeView Describe() => new()
    {
        Description = Description,
        Status = Status,
        Mode = Mode,
        Used = Used,
        Tasks = Tasks,
        Generation = Generation,
    };
}
