namespace OrleansScheduler.Core.Tests;

public sealed class LossGuardTests
{
    private static readonly MassLossRules Rules = new(Share: 0.2, AtLeast: 3, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10));
    private readonly LossGuard _guard = new(Rules);

    [Fact]
    public void Single_losses_are_given_up_at_once()
    {
        for (var i = 0; i < 50; i++) Assert.True(_guard.MayReplace($"n{i}", 100, TimeSpan.FromSeconds(20 * i)));
        Assert.False(_guard.IsClosed);
    }

    [Fact]
    public void Two_of_five_are_no_mass_loss_and_three_are()
    {
        Assert.True(_guard.MayReplace("n1", 5, TimeSpan.Zero));
        Assert.True(_guard.MayReplace("n2", 5, TimeSpan.Zero));
        Assert.False(_guard.MayReplace("n3", 5, TimeSpan.Zero));
        Assert.True(_guard.IsClosed);
    }

    [Fact]
    public void S30_in_a_mass_loss_nodes_are_given_up_at_the_pace_that_is_set_and_then_it_is_over()
    {
        var lost = Enumerable.Range(0, 60).Select(i => $"n{i}").ToList();
        var before = lost.Count(n => _guard.MayReplace(n, 100, TimeSpan.Zero));
        Assert.Equal(20, before);
        var given = before;
        for (var second = 1; given < lost.Count; second++)
        {
            Assert.InRange(second, 1, 401);
            given = lost.Count(n => _guard.MayReplace(n, 100, TimeSpan.FromSeconds(second)));
            Assert.Equal(before + (second / 10), given);
        }

        Assert.False(_guard.IsClosed);
        Assert.True(_guard.MayReplace("another", 100, TimeSpan.FromSeconds(1000)));
    }

    [Fact]
    public void Nodes_that_come_back_end_it()
    {
        var lost = Enumerable.Range(0, 60).Select(i => $"n{i}").ToList();
        foreach (var node in lost) _guard.MayReplace(node, 100, TimeSpan.Zero);
        foreach (var node in lost) _guard.Back(node);
        Assert.False(_guard.IsClosed);
        Assert.Equal(0, _guard.Slowed);
    }

    [Fact]
    public void What_may_be_given_up_stays_so()
    {
        Assert.True(_guard.MayReplace("early", 10, TimeSpan.Zero));
        foreach (var node in Enumerable.Range(0, 9)) _guard.MayReplace($"n{node}", 10, TimeSpan.Zero);
        Assert.True(_guard.IsClosed);
        Assert.True(_guard.MayReplace("early", 10, TimeSpan.Zero));
    }

    [Fact]
    public void After_a_start_nobody_is_given_up_while_nodes_come_back_but_not_for_ever()
    {
        var guard = new LossGuard(Rules with { ReregisterWithin = TimeSpan.FromSeconds(60), ReregisterPause = TimeSpan.FromSeconds(5) });
        for (var second = 10; second < 30; second++)
        {
            guard.Registered(TimeSpan.FromSeconds(second));
            Assert.False(guard.MayReplace("n1", 100, TimeSpan.FromSeconds(second + 4)));
        }

        Assert.Equal(0, guard.Recent);
        Assert.True(guard.MayReplace("n1", 100, TimeSpan.FromSeconds(34)));
        guard.Registered(TimeSpan.FromSeconds(59));
        Assert.False(guard.MayReplace("n2", 100, TimeSpan.FromSeconds(59)));
        Assert.True(guard.MayReplace("n2", 100, TimeSpan.FromSeconds(60)));
        guard.Registered(TimeSpan.FromSeconds(100));
        Assert.True(guard.MayReplace("n3", 100, TimeSpan.FromSeconds(101)));
    }

    [Fact]
    public void Nodes_known_to_be_gone_do_not_count()
    {
        foreach (var node in Enumerable.Range(0, 50)) _guard.Know($"old{node}");
        Assert.True(_guard.MayReplace("old1", 100, TimeSpan.Zero));
        Assert.True(_guard.MayReplace("n1", 100, TimeSpan.Zero));
        Assert.Equal(1, _guard.Recent);
    }
}
