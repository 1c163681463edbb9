using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class UpdateStrategyTests
{
    private static readonly Gen<UpdatePolicy> Policy =
        from strategy in JobGen.Pick("queue", "batch", "variable-batch")
        from batch in Gen.Int[1, 7]
        from batches in Gen.Int[1, 5].Array[1, 4]
        select new UpdatePolicy { Strategy = strategy, Batch = batch, Batches = [.. batches], AutoPause = true };

    [Theory]
    [InlineData("batch", 2, "", 5, "2 2 1", "1 2 2")]
    [InlineData("variable-batch", 1, "2,3,5", 20, "2 3 5 5 5", "5 5 5 3 2")]
    [InlineData("variable-batch", 1, "2,3,5", 12, "2 3 5 2", "2 5 3 2")]
    [InlineData("variable-batch", 1, "4", 3, "3", "3")]
    [InlineData("queue", 3, "", 4, "3 1", "3 1")]
    public void Groups_come_back_in_reverse(string strategy, int batch, string batches, int span, string forward, string backward)
    {
        var policy = new UpdatePolicy { Strategy = strategy, Batch = batch, Batches = Sizes(batches) };
        Assert.Equal(forward, Groups(policy, span, backward: false));
        Assert.Equal(backward, Groups(policy, span, backward: true));
    }

    [Fact]
    public void Whoever_sets_out_fits_and_all_set_out_in_the_end() =>
        Gen.Select(Policy, Gen.Int[0, 60], Gen.Bool, Gen.Int[0, 1000]).Sample((policy, span, backward, seed) =>
        {
            var random = new Random(seed);
            var (taken, inFlight, looks) = (0, 0, 0);
            while (taken < span)
            {
                var next = UpdateStrategy.Next(policy, backward, span, taken, inFlight);
                Assert.InRange(next, 0, span - taken);
                if (policy.Strategy != "queue" && inFlight > 0) Assert.Equal(0, next);
                taken += next;
                inFlight += next;
                if (policy.Strategy == "queue") Assert.True(inFlight <= policy.Batch);
                inFlight -= random.Next(inFlight + 1);
                Assert.True(looks++ < 10_000, "it does not end");
            }

            Assert.False(UpdateStrategy.PausesAt(policy, backward, span, span));
        });

    [Fact]
    public void A_pause_is_behind_a_group_and_never_on_the_way_back()
    {
        var policy = new UpdatePolicy { Strategy = "variable-batch", Batches = [1, 2], AutoPause = true };
        Assert.Equal([1, 3, 5], Enumerable.Range(0, 7).Where(taken => UpdateStrategy.PausesAt(policy, false, 6, taken)));
        Assert.DoesNotContain(Enumerable.Range(0, 7), taken => UpdateStrategy.PausesAt(policy, true, 6, taken));
        Assert.DoesNotContain(Enumerable.Range(0, 7), taken => UpdateStrategy.PausesAt(policy with { AutoPause = false }, false, 6, taken));
    }

    private static ImmutableArray<int> Sizes(string text) => text.Length == 0 ? [] : [.. text.Split(',').Select(int.Parse)];

    private static string Groups(UpdatePolicy policy, int span, bool backward)
    {
        List<int> groups = [];
        for (var taken = 0; taken < span; taken += groups[^1])
            groups.Add(UpdateStrategy.Next(policy, backward, span, taken, inFlight: 0));
        return string.Join(' ', groups);
    }
}
