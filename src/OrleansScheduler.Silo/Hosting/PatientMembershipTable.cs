using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansScheduler.Silo;

/// <summary>
/// The membership table, in which nobody votes against a silo that is about to join, or has just joined, unless its process is gone: one
/// that has just begun is slow to answer where processors are short, and has little that somebody would have to take over. One that was
/// voted out would begin once more, which takes the processors away from those that do the work.
/// </summary>
/// <remarks>
/// A vote that is not cast looks as if somebody else had written first: who wanted to cast it probes again and votes again. When joining
/// takes longer than <see cref="ClusterMembershipOptions.MaxJoinAttemptTime"/> votes count, and what a silo writes of itself, or of one
/// before it at the same address, counts always. A process is gone when its machine says that nobody listens. How long a silo has been
/// there is known from the tables that were read before the vote: one that was never seen joining has been there for long.
/// </remarks>
/// <param name="inner">Where the table is.</param>
/// <param name="self">This silo.</param>
/// <param name="options">How long joining may take.</param>
/// <param name="time">The time, about which silos of a cell have to agree within seconds anyway.</param>
/// <param name="logger">Gets the votes that were not cast.</param>
internal sealed partial class PatientMembershipTable(
    IMembershipTable inner, ILocalSiloDetails self, IOptions<ClusterMembershipOptions> options, TimeProvider time,
    ILogger<PatientMembershipTable> logger) : IMembershipTable
{
    /// <summary>How long a silo is new after it has joined.</summary>
    public static readonly TimeSpan Beginning = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private ImmutableDictionary<SiloAddress, long?> _new = ImmutableDictionary<SiloAddress, long?>.Empty;

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        var table = await inner.ReadAllAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock) _new = NewOnes(table);
        return table;
    }

    public async Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        var silo = entry.SiloAddress;
        if (!IsOwn(silo) && IsNew(entry) && !await EndpointProbe.Refuses(silo.Endpoint, Patience).ConfigureAwait(false))
        {
            LogNotCast(silo);
            return false;
        }

        return await inner.UpdateRowAsync(entry, etag, tableVersion, cancellationToken).ConfigureAwait(false);
    }

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        inner.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        inner.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        inner.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        inner.ReadRowAsync(key, cancellationToken);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        inner.InsertRowAsync(entry, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        inner.UpdateIAmAliveAsync(entry, cancellationToken);

    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) =>
        InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) =>
        DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(CancellationToken.None);

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        InsertRowAsync(entry, tableVersion, CancellationToken.None);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    private bool IsOwn(SiloAddress silo) => silo.Endpoint.Equals(self.SiloAddress.Endpoint);

    /// <summary>Those that join, and since when those have joined that did so lately.</summary>
    private ImmutableDictionary<SiloAddress, long?> NewOnes(MembershipTableData table)
    {
        var found = ImmutableDictionary.CreateBuilder<SiloAddress, long?>();
        foreach (var (entry, _) in table.Members)
        {
            if (entry.Status == SiloStatus.Joining) found.Add(entry.SiloAddress, null);
            else if (entry.Status == SiloStatus.Active && _new.TryGetValue(entry.SiloAddress, out var since))
                found.Add(entry.SiloAddress, since ?? time.GetTimestamp());
        }

        return found.ToImmutable();
    }

    private bool IsNew(MembershipEntry entry)
    {
        lock (_lock)
        {
            return _new.TryGetValue(entry.SiloAddress, out var since)
                && (since is { } joined
                    ? time.GetElapsedTime(joined) < Beginning
                    : time.GetUtcNow().UtcDateTime - entry.StartTime < options.Value.MaxJoinAttemptTime);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} has just begun: it is not voted out for being slow")]
    private partial void LogNotCast(SiloAddress silo);
}
