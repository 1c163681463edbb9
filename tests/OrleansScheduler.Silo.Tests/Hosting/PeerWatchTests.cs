using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

using static OrleansScheduler.Silo.Tests.FakeSilo;

namespace OrleansScheduler.Silo.Tests;

public sealed class PeerWatchTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakePeers _peers = new();
    private PeerWatch? _watch;

    [Fact]
    public async Task The_younger_of_two_that_a_third_reaches_ends_after_the_limit()
    {
        Watch(Second, [First, Second, Third]);
        Assert.Null(await During(PeerWatch.Limit * 2));

        _peers.Silent = [(Second, First)];
        Assert.Null(await During(PeerWatch.Limit - PeerWatch.Period));
        Assert.Equal(First, await During(PeerWatch.Period));
    }

    [Fact]
    public async Task Who_accepts_connections_is_busy_and_has_longer()
    {
        (_peers.Silent, _peers.Accept) = ([(Second, First)], true);
        Watch(Second, [First, Second, Third]);
        Assert.Null(await During(PeerWatch.BusyLimit));
        Assert.Equal(First, await During(PeerWatch.Period));
    }

    [Fact]
    public async Task The_older_of_two_stays()
    {
        _peers.Silent = [(First, Second)];
        Watch(First, [First, Second, Third]);
        Assert.Null(await During(PeerWatch.Limit * 5));
    }

    [Fact]
    public async Task A_silo_that_nobody_reaches_is_left_to_the_membership()
    {
        _peers.Silent = [(Second, First), (Third, First)];
        Watch(Second, [First, Second, Third]);
        Assert.Null(await During(PeerWatch.Limit * 5));
    }

    [Fact]
    public async Task Of_two_alone_none_ends()
    {
        _peers.Silent = [(Second, First)];
        Watch(Second, [First, Second]);
        Assert.Null(await During(PeerWatch.Limit * 5));
    }

    [Fact]
    public async Task A_silence_that_ends_in_time_is_forgotten()
    {
        Watch(Second, [First, Second, Third]);
        for (var i = 0; i < 5; i++)
        {
            _peers.Silent = [(Second, First)];
            Assert.Null(await During(PeerWatch.Limit - PeerWatch.Period));
            _peers.Silent = [];
            Assert.Null(await During(PeerWatch.Period));
        }
    }

    [Fact]
    public async Task An_answer_that_comes_late_is_one()
    {
        Watch(Second, [First, Second, Third]);
        for (var i = 0; i < 5; i++)
        {
            var late = _peers.Late = new TaskCompletionSource<bool>();
            Assert.Null(await During(PeerWatch.Limit - PeerWatch.Period));
            _peers.Late = null;
            late.SetResult(true);
        }
    }

    [Fact]
    public async Task Who_stood_still_ends_nothing_because_of_what_it_did_not_hear_meanwhile()
    {
        Watch(Second, [First, Second, Third]);
        Assert.Null(await During(PeerWatch.Limit));
        _peers.Late = new TaskCompletionSource<bool>();
        _time.Advance(PeerWatch.Limit * 2);
        Assert.Null(await During(PeerWatch.Period));
    }

    public void Dispose() => _watch?.Dispose();

    private void Watch(SiloAddress self, ImmutableArray<SiloAddress> active)
    {
        _peers.Self = self;
        _watch = new(new FakeMembership(active), new FakeSilo(self), _peers, new FakeEnd(), _time, NullLogger<PeerWatch>.Instance);
    }

    /// <summary>The first silo because of which the watched one should end while time passes; null when there is none.</summary>
    private async Task<SiloAddress?> During(TimeSpan time)
    {
        SiloAddress? cutOff = null;
        for (var passed = TimeSpan.Zero; passed < time && cutOff is null; passed += PeerWatch.Period)
        {
            _time.Advance(PeerWatch.Period);
            cutOff = await _watch!.CutOff();
        }

        return cutOff;
    }
}
