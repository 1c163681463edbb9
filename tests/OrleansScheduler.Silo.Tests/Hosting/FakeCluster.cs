using System.Net;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Answers for other silos: all is well but what was said to be silent.</summary>
internal sealed class FakePeers : IPeers
{
    public SiloAddress Self { get; set; } = FakeSilo.First;

    /// <summary>Who gets no answer from whom.</summary>
    public ImmutableHashSet<(SiloAddress From, SiloAddress To)> Silent { get; set; } = [];

    /// <summary>Whether those who are silent can be connected to all the same.</summary>
    public bool Accept { get; set; }

    /// <summary>While it is set, who is not silent answers only when it is; null for at once.</summary>
    public TaskCompletionSource<bool>? Late { get; set; }

    public Task<bool> Sees(SiloAddress peer, SiloAddress silo, TimeSpan patience) =>
        Silent.Contains((Self, peer)) ? Task.FromResult(false) : Late?.Task ?? Task.FromResult(true);

    public Task<bool> Reaches(SiloAddress peer, SiloAddress silo, TimeSpan patience) =>
        Task.FromResult(!Silent.Contains((Self, peer)) && !Silent.Contains((peer, silo)));

    public Task<bool> Accepts(SiloAddress peer, TimeSpan patience) => Task.FromResult(Accept || !Silent.Contains((Self, peer)));
}

internal sealed class FakeSilo(SiloAddress address) : ILocalSiloDetails
{
    public static readonly SiloAddress First = Address(1);
    public static readonly SiloAddress Second = Address(2);
    public static readonly SiloAddress Third = Address(3);

    public string Name => "silo";

    public string ClusterId => "cell";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress => address;

    public SiloAddress GatewayAddress => address;

    private static SiloAddress Address(int generation) => SiloAddress.New(IPAddress.Loopback, 11_000 + generation, generation);
}

/// <summary>What a silo believes about the cluster, which may be old.</summary>
internal sealed class FakeMembership(params ImmutableArray<SiloAddress> active) : IClusterMembershipService
{
    public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
        active.ToImmutableDictionary(silo => silo, silo => new ClusterMember(silo, SiloStatus.Active, $"{silo}")),
        new MembershipVersion(1));

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => AsyncEnumerable.Empty<ClusterMembershipSnapshot>();

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => default;

    public Task<bool> TryKill(SiloAddress siloAddress) => Task.FromResult(false);
}

/// <summary>A membership table of one row, or one that does not answer.</summary>
internal sealed class FakeTable(SiloAddress silo) : IMembershipTable
{
    /// <summary>What was written to it.</summary>
    public List<MembershipEntry> Written { get; } = [];

    /// <summary>Since when the silo is there.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>What the row says; null for a table that cannot be read.</summary>
    public SiloStatus? Status { get; set; } = SiloStatus.Active;

    /// <summary>What happens while the row is read.</summary>
    public Action WhileReading { get; set; } = () => { };

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAll();

    public Task<MembershipTableData> ReadAll()
    {
        WhileReading();
        if (Status is not { } status) throw new TimeoutException("the store is away");
        var entry = new MembershipEntry { SiloAddress = silo, Status = status, StartTime = StartTime };
        return Task.FromResult(new MembershipTableData(Tuple.Create(entry, "1"), new TableVersion(1, "1")));
    }

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        Written.Add(entry);
        return Task.FromResult(true);
    }

    public Task InitializeMembershipTable(bool tryInitTableVersion) => throw new NotSupportedException();

    public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => throw new NotSupportedException();

    public Task UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();
}

/// <summary>Notes that the process would have ended.</summary>
internal sealed class FakeEnd : IFatalErrorHandler
{
    /// <summary>Why; null while it has not.</summary>
    public string? Reason { get; private set; }

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception) => Reason = context;
}
