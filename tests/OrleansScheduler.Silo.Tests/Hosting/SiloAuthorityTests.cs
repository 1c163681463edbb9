using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static OrleansScheduler.Silo.Tests.FakeSilo;

namespace OrleansScheduler.Silo.Tests;

public sealed class SiloAuthorityTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakePeers _peers = new();
    private readonly FakeTable _table = new(First);
    private readonly FakeEnd _end = new();

    [Fact]
    public async Task A_silo_that_the_table_knows_as_active_may_promise_for_a_term()
    {
        using var authority = Of(First, Second, Third);
        Assert.False(authority.Holds);
        await authority.Confirm();
        Assert.True(authority.Holds);
        _time.Advance(SiloAuthority.Term - TimeSpan.FromMilliseconds(1));
        Assert.True(authority.Holds);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(authority.Holds);
    }

    [Fact]
    public async Task A_term_begins_with_the_question()
    {
        using var authority = Of(First, Second, Third);
        _table.WhileReading = () => _time.Advance(SiloAuthority.Term);
        await authority.Confirm();
        Assert.False(authority.Holds);
    }

    [Theory]
    [InlineData(SiloStatus.Dead)]
    [InlineData(SiloStatus.ShuttingDown)]
    [InlineData(SiloStatus.Joining)]
    public async Task A_silo_that_the_table_knows_otherwise_may_not_whatever_others_believe(SiloStatus status)
    {
        using var authority = Of(First, Second, Third);
        _table.Status = status;
        await authority.Confirm();
        Assert.False(authority.Holds);
        Assert.Equal(status == SiloStatus.Dead, _end.Reason is not null);
    }

    [Fact]
    public async Task A_silo_that_has_stopped_in_good_order_reads_that_it_is_dead_and_goes_on_to_its_end()
    {
        using var authority = Of(Second, Third);
        _table.Status = SiloStatus.Dead;
        await authority.Confirm();
        Assert.Null(_end.Reason);
    }

    [Fact]
    public async Task Without_a_table_all_others_have_to_vouch()
    {
        using var authority = Of(First, Second, Third);
        _table.Status = null;
        await authority.Confirm();
        Assert.True(authority.Holds);

        _time.Advance(SiloAuthority.Term);
        _peers.Silent = [(First, Third)];
        await authority.Confirm();
        Assert.False(authority.Holds);
    }

    [Fact]
    public async Task Without_a_table_a_silo_that_is_no_member_may_not()
    {
        using var authority = Of(Second, Third);
        _table.Status = null;
        await authority.Confirm();
        Assert.False(authority.Holds);
    }

    private SiloAuthority Of(params ImmutableArray<SiloAddress> active) =>
        new(_table, new FakeMembership(active), new FakeSilo(First), _peers, _end, _time, NullLogger<SiloAuthority>.Instance);
}
