namespace OrleansScheduler.Core;

/// <summary>Equal attempts of one job that hold resources of one node.</summary>
/// <param name="Job">The job.</param>
/// <param name="Node">The node.</param>
/// <param name="Request">What each holds.</param>
/// <param name="Attempts">The attempts.</param>
/// <param name="Ports">Their ports: as many for each attempt, one attempt after the other.</param>
[GenerateSerializer, Immutable, Alias("osched.Reservation")]
public sealed record Reservation(
    [property: Id(0)] JobKey Job, [property: Id(1)] string Node, [property: Id(2)] Resources Request,
    [property: Id(3)] ImmutableArray<AttemptRef> Attempts, [property: Id(4)] ImmutableArray<int> Ports)
{
    /// <summary>Their GPUs, in the same way.</summary>
    [Id(5)] public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>What else each holds.</summary>
    [Id(6)] public CustomRequest Custom { get; init; } = CustomRequest.None;

    /// <summary>Their items of sets, in the same way.</summary>
    [Id(7)] public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Version of the job that they run.</summary>
    [Id(8)] public int Version { get; init; }

    /// <summary>Order within the role.</summary>
    [Id(9)] public int Priority { get; init; }

    /// <summary>Who may displace them; revocable ones hold revocable capacity.</summary>
    [Id(10)] public Tier Tier { get; init; }

    /// <summary>When they were placed.</summary>
    [Id(11)] public DateTimeOffset Since { get; init; }

    /// <summary>How long each runs at most; null when that is not known.</summary>
    [Id(12)] public TimeSpan? TimeLimit { get; init; }

    /// <summary>Where they may go.</summary>
    [Id(13)] public ImmutableArray<Constraint> Constraints { get; init; } = [];

    /// <summary>Session of the node when they were placed, see <see cref="Placement.Generation"/>.</summary>
    [Id(14)] public long Generation { get; init; }

    /// <summary>Ports of the attempt at <paramref name="index"/>.</summary>
    public ImmutableArray<int> PortsOf(int index) => Part(Ports, index);

    /// <summary>GPUs of the attempt at <paramref name="index"/>.</summary>
    public ImmutableArray<int> DevicesOf(int index) => Part(Devices, index);

    /// <summary>Items of the attempt at <paramref name="index"/>.</summary>
    public ImmutableArray<string> ItemsOf(int index) => Part(Items, index);

    /// <summary>What the attempt at <paramref name="index"/> got.</summary>
    public Placement PlacementOf(int index) =>
        new(Attempts[index], Node, PortsOf(index)) { Devices = DevicesOf(index), Items = ItemsOf(index), Generation = Generation };

    private ImmutableArray<T> Part<T>(ImmutableArray<T> all, int index)
    {
        var each = Attempts.Length == 0 ? 0 : all.Length / Attempts.Length;
        return each == 0 ? [] : all.Slice(index * each, each);
    }
}

/// <summary>Attempts that are stopped so that another one gets their node.</summary>
/// <param name="Job">Job of the attempt that waits.</param>
/// <param name="Attempt">The attempt that waits: the beneficiary.</param>
/// <param name="Node">The node that it is promised.</param>
/// <param name="Devices">The GPUs that it is promised.</param>
/// <param name="Victims">Those that are stopped.</param>
/// <param name="Since">When it was decided.</param>
/// <param name="Demand">What the beneficiary asks for; its attempts are not said again.</param>
[GenerateSerializer, Immutable, Alias("osched.Preemption")]
public sealed record Preemption(
    [property: Id(0)] JobKey Job, [property: Id(1)] AttemptRef Attempt, [property: Id(2)] string Node,
    [property: Id(3)] ImmutableArray<int> Devices, [property: Id(4)] ImmutableArray<AttemptId> Victims,
    [property: Id(5)] DateTimeOffset Since, [property: Id(6)] Demand Demand);

/// <summary>What a round of planning decided.</summary>
/// <param name="Reservations">New reservations, already counted in the ledger.</param>
/// <param name="Blocked">Groups that still wait after being looked at.</param>
/// <param name="HasMore">Whether the round ended before every group was looked at.</param>
/// <param name="LongestWait">How long the oldest of those that still wait has waited; zero when none does.</param>
public sealed record LedgerPlan(ImmutableArray<Reservation> Reservations, int Blocked, bool HasMore, TimeSpan LongestWait)
{
    /// <summary>A round that decided nothing.</summary>
    public static LedgerPlan None { get; } = new([], 0, HasMore: false, TimeSpan.Zero);

    /// <summary>Attempts to stop, and for whom; already counted in the ledger.</summary>
    public ImmutableArray<Preemption> Preemptions { get; init; } = [];

    /// <summary>Promises taken back; the attempts wait again.</summary>
    public ImmutableArray<LedgerEvent.PromiseEnded> Broken { get; init; } = [];

    /// <summary>Blocks of sixteen nodes that were looked at: what the round has cost.</summary>
    public long Looked { get; init; }

    /// <summary>Attempts that got a node.</summary>
    public int Placed => Reservations.Sum(r => r.Attempts.Length);
}
