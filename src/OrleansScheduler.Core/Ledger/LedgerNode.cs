namespace OrleansScheduler.Core;

/// <summary>One node in the ledger: what it is, what of it is held, and by whom.</summary>
internal sealed class LedgerNode(string id, int index)
{
    private bool _lost;

    public string Id { get; } = id;

    public int Index { get; } = index;

    public NodeDescription Description { get; private set; } = new() { Id = id, Host = "", Capacity = Resources.None };

    public long Generation { get; private set; }

    public bool Reachable { get; private set; }

    public MaintenanceMode Mode { get; private set; }

    /// <summary>Amounts by whom they are for. What was promised counts as taken here.</summary>
    public NodeAmounts Amounts { get; private set; } = new();

    public GpuDevices Gpus { get; private set; } = new();

    public CustomAmounts Custom { get; private set; } = new();

    public PortSet Ports { get; private set; } = new(0, 0);

    /// <summary>Ports that those with a promise will need.</summary>
    public int PromisedPorts { get; set; }

    /// <summary>What attempts hold now, revocable or not; without promises.</summary>
    public Resources Used { get; set; }

    /// <summary>What of <see cref="Used"/> is not revocable: that must fit into the capacity.</summary>
    public Resources UsedFirmly { get; set; }

    /// <summary>Attempts that hold something.</summary>
    public int Tasks { get; set; }

    /// <summary>First of its rows in <see cref="HeldTable"/>, promises too; -1 for none.</summary>
    public int FirstHeld { get; set; } = -1;

    /// <summary>What operators have set aside of it, by role path (dynamic reservations).</summary>
    public SortedDictionary<string, Resources> Reserved { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>The group that the node is kept free for; null for nobody.</summary>
    public NodeHold? Hold { get; set; }

    /// <summary>More is held than the node has, since it shrank.</summary>
    public bool IsOvercommitted => !UsedFirmly.FitsInto(Description.Capacity);

    public bool IsReachableAndOpen =>
        Reachable && !Description.DiskPressure && Mode is MaintenanceMode.None or MaintenanceMode.Scheduled;

    /// <summary>Whether anybody may get something of it.</summary>
    public bool TakesTasks => IsReachableAndOpen && Hold is null && !IsOvercommitted;

    /// <summary>Ports that nobody has or was promised; below zero when more were promised than are there yet.</summary>
    public int FreePorts => Ports.Free - PromisedPorts;

    /// <summary>Ports that somebody may get.</summary>
    public int SparePorts => Math.Max(0, FreePorts);

    public string Status => !Reachable ? "unreachable" : Mode switch
    {
        MaintenanceMode.Draining => "draining",
        MaintenanceMode.Drained => "drained",
        MaintenanceMode.Scheduled => "scheduled",
        _ => "ready",
    };

    /// <summary>Takes news over; false when it is from an older session.</summary>
    public bool Change(LedgerEvent.NodeChanged change, IEnumerable<int> portsInUse)
    {
        if (change.Generation < Generation) return false;

        // A session that was lost does not come back: a word of before that is late.
        if (change.Generation == Generation && change.Reachable && _lost) return false;
        var description = change.Description;
        var rebuild = Ports.First != description.FirstPort || Ports.Count != description.PortCount;
        Description = description;
        Generation = change.Generation;
        Reachable = change.Reachable;
        _lost = !change.Reachable;
        Mode = change.Mode;
        Amounts.SetCapacity(description.Capacity, Revocable(description));
        Gpus.Resize(description.Capacity.GpuMillis);
        Custom.Resize(description.Custom);
        if (rebuild)
        {
            Ports = new PortSet(description.FirstPort, Math.Clamp(description.PortCount, 0, 65_536));
            foreach (var port in portsInUse) Ports.Take(port);
        }

        return true;
    }

    /// <summary>Takes amounts and GPUs for one task, or nothing.</summary>
    /// <param name="roles">The roles.</param>
    /// <param name="role">For whom.</param>
    /// <param name="spec">What it needs.</param>
    /// <param name="shape">The same in the units of the lanes.</param>
    /// <param name="mix">What leftovers of GPUs are worth; null to take the GPU that has least left.</param>
    /// <param name="taken">From where the amounts were taken.</param>
    /// <param name="devices">The GPUs.</param>
    public bool TryTake(
        RoleTree roles, int role, HeldSpec spec, in Shape shape, GpuMix? mix, out Taken taken, out ImmutableArray<int> devices)
    {
        taken = default;
        devices = spec.Request.GpuMillis == 0 ? [] : Gpus.Choose(shape, mix);
        if (devices.IsDefault || !Amounts.TryTake(roles, role, spec.Request, spec.IsRevocable, out taken)) return false;
        Gpus.Take(devices, spec.EachDevice);
        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(HeldSpec spec, in Taken taken, ImmutableArray<int> devices)
    {
        Amounts.Return(taken);
        Gpus.Return(devices, spec.EachDevice);
    }

    /// <summary>
    /// What is free for everybody, in the units of the lanes. A node that has given or promised more than it has of anything fits nothing
    /// that is not revocable; of what is revocable, only what is asked for counts.
    /// </summary>
    public Shape FreeShape(bool revocable)
    {
        var (free, spare) = (Amounts.Free, Amounts.RevocableFree);
        if (!revocable && !free.IsNonNegative) return new Shape(-1, 0, 0, 0, 0, 0);
        return new Shape(
            Lane(revocable ? spare.CpuMillis : free.CpuMillis),
            Math.Max(0, Lane(revocable && Amounts.RevocableCapacity.MemoryMiB > 0 ? spare.MemoryMiB : free.MemoryMiB)),
            Math.Max(0, Lane(free.DiskMiB)),
            Math.Max(0, Math.Min(Gpus.Whole, Lane(free.GpuMillis) / Shape.Device)),
            Math.Max(0, Math.Min(Gpus.LargestShare, Lane(free.GpuMillis))),
            SparePorts);
    }

    /// <summary>What one of its rows holds, for the job.</summary>
    public Placement PlacementOf(in HeldAttempt row) =>
        new(row.Attempt, Id, row.Ports) { Devices = row.Devices, Items = row.Items, Generation = Generation };

    public NodeView Describe() => new()
    {
        Description = Description,
        Status = Status,
        Mode = Mode,
        Used = Used,
        Tasks = Tasks,
        Generation = Generation,
        IsOvercommitted = IsOvercommitted,
        DiskPressure = Description.DiskPressure,
    };

    private static int Lane(long amount) => (int)Math.Clamp(amount, -1, NodeTable.MaxLane);

    private static Resources Revocable(NodeDescription description)
    {
        var factor = double.IsFinite(description.Overcommit) ? Math.Clamp(description.Overcommit - 1, 0, 100) : 0;
        return factor == 0
            ? Resources.None
            : new((long)(description.Capacity.CpuMillis * factor), (long)(description.Capacity.MemoryMiB * factor), 0, 0);
    }
}

/// <summary>A node that is kept free for a group which has waited long.</summary>
/// <param name="Group">The group.</param>
/// <param name="Until">When others get it again, whatever has become of the group.</param>
internal sealed record NodeHold(DemandGroup Group, DateTimeOffset Until);
