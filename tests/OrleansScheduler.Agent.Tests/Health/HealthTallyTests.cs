namespace OrleansScheduler.Agent.Tests;

public sealed class HealthTallyTests
{
    private static readonly HealthSpec Defaults = new() { Probe = new HealthProbe.Tcp("http") };

    [Fact]
    public void H01_With_the_defaults_a_task_that_is_never_well_fails_at_the_third_attempt() =>
        Assert.Equal([HealthVerdict.Starting, HealthVerdict.Starting, HealthVerdict.Failed], Verdicts(Defaults, "---"));

    [Fact]
    public void H01_A_task_is_well_only_after_enough_successes_in_a_row() =>
        Assert.Equal(
            [HealthVerdict.Starting, HealthVerdict.Starting, HealthVerdict.Starting, HealthVerdict.Well],
            Verdicts(Defaults with { MinSuccesses = 2 }, "+-++"));

    [Fact]
    public void Failures_in_the_initial_delay_are_forgiven_even_after_the_first_success() =>
        Assert.Equal([HealthVerdict.Well, HealthVerdict.Well, HealthVerdict.Failed], Verdicts(Defaults, "+--"));

    [Fact]
    public void More_than_the_allowed_failures_in_a_row_fail_the_task()
    {
        var spec = Defaults with { InitialDelay = TimeSpan.Zero, MaxFailures = 2 };

        Assert.Equal(HealthVerdict.Well, Verdicts(spec, "+--+--+--").Last());
        Assert.Equal(HealthVerdict.Failed, Verdicts(spec, "+--+---").Last());
    }

    [Fact]
    public void A_task_that_is_well_now_and_then_but_never_long_enough_fails_within_its_budget()
    {
        var spec = Defaults with { MinSuccesses = 3, MaxFailures = 1 };

        Assert.Equal(HealthVerdict.Starting, Verdicts(spec, "++-++").Last());
        Assert.Equal(HealthVerdict.Failed, Verdicts(spec, "++-++-").Last());
    }

    [Fact]
    public void A_task_that_has_failed_stays_failed() =>
        Assert.Equal(HealthVerdict.Failed, Verdicts(Defaults, "---++++").Last());

    private static IEnumerable<HealthVerdict> Verdicts(HealthSpec spec, string probes)
    {
        var tally = new HealthTally(spec);
        return [.. probes.Select(probe => tally.Count(probe == '+'))];
    }
}
