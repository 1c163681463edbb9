using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class LeaseTermsTests
{
    /// <summary>Both clocks may be wrong by a hundredth, the answer may take any time: the agent's end and the kill come first.</summary>
    [Fact]
    public void The_cell_never_counts_a_lease_as_over_before_the_node_has_ended_its_tasks() =>
        Gen.Select(Gen.Double[3, 3600], Gen.Double[0, 100], Gen.Double[0.99, 1.01], Gen.Double[0.99, 1.01]).Sample(
            (seconds, delay, agent, cell) =>
            {
                var terms = new LeaseTerms(TimeSpan.FromSeconds(seconds));
                var ended = (seconds / agent) + (LeaseTerms.KillTime.TotalSeconds / agent);
                var over = delay + (terms.SurelyOver.TotalSeconds / cell);
                return ended < over;
            });
}
