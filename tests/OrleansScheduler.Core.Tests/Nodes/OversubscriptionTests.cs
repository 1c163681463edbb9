namespace OrleansScheduler.Core.Tests;

public sealed class OversubscriptionTests
{
    private static readonly NodeDescription Node = new()
    {
        Id = "n",
        Host = "n",
        Capacity = new(10_000, 1000, 0, 0),
        Overcommit = 1.5,
        OvercommitByUse = true,
    };

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(2000, 1000, 1.2)]     // what is left of cpu decides
    [InlineData(10_000, 310, 1.3)]    // in whole steps, downwards
    [InlineData(10_000, 1000, 1.5)]   // never more than the node allows
    [InlineData(2000, 0, 1)]
    public void What_is_asked_for_and_not_used_is_lent(long cpu, long memory, double expected) =>
        Assert.Equal(expected, Oversubscription.Of(Node, new() { Unused = new(cpu, memory, 0, 0) }), 6);

    [Fact]
    public void Nothing_is_lent_where_nothing_is_known_or_disk_is_short()
    {
        Assert.Equal(1, Oversubscription.Of(Node, null));
        Assert.Equal(1, Oversubscription.Of(Node, new() { Unused = new(5000, 500, 0, 0), DiskPressure = true }));
        Assert.Equal(1, Oversubscription.Of(Node with { Capacity = default }, new() { Unused = new(5000, 500, 0, 0) }));
    }

    [Fact]
    public void A_node_that_says_a_number_means_it() =>
        Assert.Equal(1.5, Oversubscription.Of(Node with { OvercommitByUse = false }, null));
}
