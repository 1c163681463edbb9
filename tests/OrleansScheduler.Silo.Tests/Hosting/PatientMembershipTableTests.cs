using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;
using static OrleansScheduler.Silo.Tests.FakeSilo;

namespace OrleansScheduler.Silo.Tests;

/// <summary>What the first silo may write about another, which listens but does not answer.</summary>
public sealed class PatientMembershipTableTests : IDisposable
{
    private static readonly ClusterMembershipOptions Options = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SiloAddress _other;
    private readonly FakeTable _inner;

    public PatientMembershipTableTests()
    {
        _listener.Start();
        _other = SiloAddress.New((IPEndPoint)_listener.LocalEndpoint, 2);
        _inner = new(_other) { Status = SiloStatus.Joining, StartTime = _time.GetUtcNow().UtcDateTime };
    }

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData(SiloStatus.Joining, false)]
    [InlineData(SiloStatus.Active, true)]
    [InlineData(SiloStatus.ShuttingDown, true)]
    public async Task A_silo_that_joins_is_not_voted_out_and_one_that_nobody_has_seen_joining_is(SiloStatus status, bool counts)
    {
        _inner.Status = status;
        Assert.Equal(counts, await Votes(Of(First)));
        Assert.Equal(counts ? 1 : 0, _inner.Written.Count);
    }

    [Fact]
    public async Task A_silo_that_does_not_come_to_join_is_voted_out()
    {
        var table = Of(First);
        _time.Advance(Options.MaxJoinAttemptTime - TimeSpan.FromTicks(1));
        Assert.False(await Votes(table));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(await Votes(table));
    }

    [Fact]
    public async Task A_silo_that_has_joined_is_new_for_a_while()
    {
        var table = Of(First);
        Assert.False(await Votes(table));
        _inner.Status = SiloStatus.Active;
        Assert.False(await Votes(table));
        _time.Advance(PatientMembershipTable.Beginning - TimeSpan.FromTicks(1));
        Assert.False(await Votes(table));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(await Votes(table));
    }

    [Fact]
    public async Task A_silo_that_was_seen_joining_and_is_on_its_way_out_is_not_new()
    {
        var table = Of(First);
        Assert.False(await Votes(table));
        _inner.Status = SiloStatus.ShuttingDown;
        Assert.True(await Votes(table));
    }

    [Fact]
    public async Task A_process_that_is_gone_is_voted_out_at_once()
    {
        _listener.Stop();
        Assert.True(await Votes(Of(First)));
    }

    [Fact]
    public async Task A_silo_says_what_it_likes_of_itself_and_of_the_one_before_it()
    {
        Assert.True(await Votes(Of(_other)));
        Assert.True(await Votes(Of(SiloAddress.New(_other.Endpoint, _other.Generation + 1))));
        Assert.False(await Votes(Of(SiloAddress.New(IPAddress.Parse("127.0.0.2"), _other.Endpoint.Port, _other.Generation))));
    }

    /// <summary>Looks, and writes that the other silo is dead.</summary>
    private async Task<bool> Votes(PatientMembershipTable table)
    {
        await table.ReadAllAsync(CancellationToken.None);
        var dead = new MembershipEntry { SiloAddress = _other, Status = SiloStatus.Dead, StartTime = _inner.StartTime };
        return await table.UpdateRowAsync(dead, "1", new TableVersion(2, "1"), CancellationToken.None);
    }

    private PatientMembershipTable Of(SiloAddress self) => new(
        _inner, new FakeSilo(self), Microsoft.Extensions.Options.Options.Create(Options), _time,
        NullLogger<PatientMembershipTable>.Instance);
}
