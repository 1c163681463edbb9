using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>
/// What Aurora's scheduler does, as far as the ledger does it too: cases P03 and P06 to P14 of the conformance list; P01, P02, P04 and P05
/// are in <see cref="LedgerTests"/>.
/// </summary>
public sealed class AuroraSchedulingTests
{
    private readonly Ledger _ledger = new();
    private DateTimeOffset _now = Start;

    [Fact]
    public void P03_a_dedicated_node_takes_only_who_asks_for_it_and_others_are_told_so()
    {
        _ledger.Node(Describe("mine") with { Attributes = Attributes(("dedicated", "www/kafka")) });
        Want("other", "any", 1);
        Want("www", "negated", 1, constraint: new Constraint.Value("dedicated", ["db/x"], Negated: true));
        Assert.Empty(Plan().Reservations);
        foreach (var job in new[] { Job("any", "other"), Job("negated", "www") })
            Assert.Equal(Reasons.NodeDedicated, Assert.Single(Assert.Single(_ledger.Explain(job, _now)!.Groups).Reasons).Code);

        Want("www", "kafka", 1, constraint: new Constraint.Value("dedicated", ["www/kafka"], Negated: false));
        Assert.Equal(Job("kafka", "www"), Assert.Single(Plan().Reservations).Job);
    }

    [Theory]
    [InlineData("prod displaces non-prod of another role, whatever the priorities", "b", Tier.Preemptible, 100, Tier.Preferred, -1000,
        true)]
    [InlineData("prod never displaces prod of another role", "b", Tier.Preferred, 0, Tier.Preferred, 1000, false)]
    [InlineData("prod displaces prod of its role with a lower priority", "a", Tier.Preferred, 0, Tier.Preferred, 1, true)]
    [InlineData("equal priority displaces nobody", "a", Tier.Preferred, 1, Tier.Preferred, 1, false)]
    [InlineData("a lower priority displaces nobody", "a", Tier.Preferred, 2, Tier.Preferred, 1, false)]
    [InlineData("non-prod displaces non-prod of its role with a lower priority", "a", Tier.Preemptible, 0, Tier.Preemptible, 1, true)]
    [InlineData("non-prod never displaces non-prod of another role", "b", Tier.Preemptible, 0, Tier.Preemptible, 1, false)]
    [InlineData("non-prod never displaces prod", "a", Tier.Preferred, 0, Tier.Preemptible, 1000, false)]
    public void P06_who_may_displace_whom(string rule, string role, Tier runs, int lower, Tier waits, int higher, bool may)
    {
        _ledger.Node(Describe("n", cpu: 1000));
        Want(role, "runs", 1, tier: runs, priority: lower);
        Plan();
        Want("a", "waits", 1, tier: waits, priority: higher);
        var plan = Later(20);
        Assert.True(may == (plan.Preemptions.Length == 1), rule);
        Assert.Equal(may ? 1 : 0, _ledger.Promised);
    }

    [Fact]
    public void P07_only_those_of_a_lower_priority_are_victims()
    {
        _ledger.Node(Describe("n", cpu: 3000));
        foreach (var priority in new[] { 100, 99, 1 }) Want("a", $"p{priority}", 1, priority: priority);
        Plan();
        Want("a", "waits", 1, priority: 98);
        Assert.Equal(Job("p1", "a"), Assert.Single(Assert.Single(Later(20).Preemptions).Victims).Job);
    }

    [Fact]
    public void P08_as_few_as_possible_are_stopped_and_as_many_as_necessary()
    {
        _ledger.Node(Describe("n", cpu: 6000));
        Want("b", "large", 1, cpu: 4000, tier: Tier.Preemptible);
        Want("b", "small", 2, cpu: 1000, tier: Tier.Preemptible);
        Plan();
        Want("a", "two", 1, cpu: 2000);
        Assert.Equal([Job("large", "b")], Assert.Single(Later(20).Preemptions).Victims.Select(v => v.Job));
    }

    [Fact]
    public void P08_two_are_stopped_when_one_does_not_make_room()
    {
        _ledger.Node(Describe("n", cpu: 2000));
        Want("b", "small", 2, cpu: 1000, tier: Tier.Preemptible);
        Plan();
        Want("a", "two", 1, cpu: 2000);
        Assert.Equal(2, Assert.Single(Later(20).Preemptions).Victims.Length);
    }

    [Fact]
    public void P08_one_victim_that_makes_room_for_two_is_stopped_for_both()
    {
        _ledger.Node(Describe("n", cpu: 8000));
        Want("b", "large", 2, cpu: 4000, tier: Tier.Preemptible);
        Plan();
        Want("a", "two", 2, cpu: 2000);
        var preemptions = Later(20).Preemptions;
        Assert.Equal(2, preemptions.Length);
        var victim = Assert.Single(preemptions.SelectMany(p => p.Victims).Distinct());
        _ledger.Release(victim.Job, new AttemptRef(victim.Instance, victim.Number));
        Assert.Equal(2, Later(1).Placed);
    }

    [Fact]
    public void P09_what_is_free_counts_with_what_victims_leave_and_revocable_victims_leave_no_cpu()
    {
        _ledger.Node(Describe("n", cpu: 3000) with { Overcommit = 2 });
        Want("b", "lent", 1, cpu: 3000, tier: Tier.Revocable);
        Want("b", "runs", 1, cpu: 2000, tier: Tier.Preemptible);
        Plan();
        Want("a", "waits", 1, cpu: 3000);
        var preemption = Assert.Single(Later(20).Preemptions);
        Assert.Equal([Job("runs", "b")], preemption.Victims.Select(v => v.Job));
    }

    [Fact]
    public void P09_no_revocable_task_is_stopped_in_vain()
    {
        _ledger.Node(Describe("n", cpu: 1000) with { Overcommit = 2 });
        Want("b", "lent", 1, cpu: 1000, tier: Tier.Revocable);
        Plan();
        Want("a", "waits", 1, cpu: 2000);
        Assert.Empty(Later(20).Preemptions);
    }

    [Fact]
    public void P10_the_node_of_the_victims_is_given_to_nobody_else_until_the_promise_ends()
    {
        _ledger.Node(Describe("n", cpu: 2000));
        Want("b", "runs", 2, cpu: 1000, tier: Tier.Preemptible);
        Plan();
        Want("a", "waits", 1, cpu: 2000);
        var preemption = Assert.Single(Later(20).Preemptions);
        var (first, second) = (preemption.Victims[0], preemption.Victims[1]);

        // The victim's next attempt waits, and a stranger too; the first victim's half is free before the second one has gone.
        _ledger.Release(first.Job, new AttemptRef(first.Instance, first.Number));
        _ledger.Demand(first.Job, Wants([new(first.Instance, 2)]) with { Tier = Tier.Preemptible, Since = _now });
        Want("c", "stranger", 1);
        Assert.Empty(Later(1).Reservations);
        _ledger.Release(second.Job, new AttemptRef(second.Instance, second.Number));
        Assert.Equal(Job("waits", "a"), Assert.Single(Later(1).Reservations).Job);
        Assert.Equal((0, 2), (_ledger.Promised, _ledger.Pending));
    }

    [Fact]
    public void P10_a_promise_that_cannot_be_kept_in_time_is_taken_back_and_the_attempt_waits_again()
    {
        _ledger.Node(Describe("n", cpu: 1000));
        Want("b", "runs", 1, tier: Tier.Preemptible);
        Plan();
        Want("a", "waits", 1);
        Assert.Single(Later(20).Preemptions);
        Assert.Empty(Later(299).Broken);
        var plan = Later(1);
        Assert.Equal(Job("waits", "a"), Assert.Single(plan.Broken).Job);
        Assert.True(_ledger.IsWaiting(Job("waits", "a")));
    }

    [Fact]
    public void P11_nobody_is_stopped_for_who_has_not_waited_as_long_as_the_cell_says()
    {
        var ledger = new Ledger(new LedgerOptions { PreemptAfter = TimeSpan.FromMinutes(3) });
        ledger.Node(Describe("n", cpu: 1000));
        ledger.Demand(Job("runs", "b"), Wants(Attempts(1)) with { Tier = Tier.Preemptible });
        ledger.Plan(Start);
        ledger.Demand(Job("waits", "a"), Wants(Attempts(1)));
        Assert.Empty(ledger.Plan(Start.AddSeconds(179)).Preemptions);
        Assert.Single(ledger.Plan(Start.AddSeconds(180)).Preemptions);
    }

    [Fact]
    public void P12_a_group_that_is_blocked_costs_nothing_until_something_becomes_free_and_is_tried_then()
    {
        _ledger.Node(Describe("n", cpu: 1000));
        Want("a", "runs", 1);
        Plan();
        Want("a", "waits", 1);
        Assert.True(Plan().Looked > 0);
        Assert.False(_ledger.HasWork);
        Assert.Equal(0, Plan().Looked);

        // Aurora would try it now and then, up to a minute late; a node that comes does not shorten that.
        _ledger.Node(Describe("new", cpu: 1000));
        Assert.True(_ledger.HasWork);
        Assert.Equal(("new", Job("waits", "a")), Assert.Single(Plan().Reservations) is var r ? (r.Node, r.Job) : default);
    }

    [Fact]
    public void P13_a_large_group_does_not_starve_a_small_one_of_another_role()
    {
        _ledger.Node(Describe("n", cpu: 10_000));
        Want("large", "thousand", 1000);
        Want("small", "one", 1);
        Assert.Contains(Plan().Reservations.Take(2), r => r.Job == Job("one", "small"));
    }

    [Fact]
    public void P13_a_large_group_that_does_not_fit_lets_a_small_one_of_its_role_pass()
    {
        _ledger.Node(Describe("n", cpu: 1500));
        Want("a", "thousand", 1000, cpu: 1000);
        Want("a", "one", 1, cpu: 500, since: 1);
        Assert.Equal([Job("thousand", "a"), Job("one", "a")], Plan().Reservations.Select(r => r.Job));
    }

    /// <remarks>
    /// Aurora refuses such a job and checks updates with the larger of both configurations; here the job is accepted and what is above the
    /// limit waits. What an update counts for is the job's own part and tested there.
    /// </remarks>
    [Fact]
    public void P14_what_is_above_a_roles_quota_waits_and_says_so_and_starts_when_the_quota_grows()
    {
        _ledger.Node(Describe("n"));
        _ledger.Role("a", new Quota { Limit = new(4000, null, null, null) });
        Want("a", "used", 3);
        Want("a", "more", 2, since: 1);
        Assert.Equal(4, Plan().Placed);
        var group = Assert.Single(_ledger.Explain(Job("more", "a"), _now)!.Groups);
        Assert.Equal((1, Reasons.QuotaLimit), (group.Waiting, group.Held!.Code));
        _ledger.Role("a", new Quota { Limit = new(5000, null, null, null) });
        Assert.Equal(1, Plan().Placed);
    }

    [Fact]
    public void P14_revocable_tasks_do_not_count_against_a_quota()
    {
        _ledger.Node(Describe("n") with { Overcommit = 2 });
        _ledger.Role("a", new Quota { Limit = new(1000, null, null, null) });
        Want("a", "firm", 1);
        Want("a", "lent", 2, tier: Tier.Revocable);
        Assert.Equal(3, Plan().Placed);
        Assert.Equal(1000, _ledger.Roles.ConsumedBy(_ledger.Roles.Find("a")).CpuMillis);
    }

    [Fact]
    public void P14_a_quota_below_what_is_used_is_named_stops_nothing_and_lets_nothing_new_in()
    {
        _ledger.Node(Describe("n"));
        Want("a", "used", 3);
        Plan();
        var quota = new Quota { Limit = new(2000, null, null, null) };
        Assert.Equal("quota-below-use", Assert.Single(_ledger.Roles.CheckQuotas([(_ledger.Roles.Find("a"), quota)])).Code);
        _ledger.Role("a", quota);
        Want("a", "more", 1);
        Assert.Equal(0, Plan().Placed);
        Assert.Equal(3, _ledger.Placed);
    }

    private LedgerPlan Plan() => _ledger.Plan(_now);

    private LedgerPlan Later(int seconds)
    {
        _now = _now.AddSeconds(seconds);
        return Plan();
    }

    private void Want(
        string role, string name, int count, long cpu = 1000, Tier tier = Tier.Preferred, int priority = 0, int since = 0,
        Constraint? constraint = null) =>
        _ledger.Demand(Job(name, role), Wants(Attempts(count), cpu, 64, constraint is null ? [] : [constraint]) with
        {
            Tier = tier,
            Priority = priority,
            Since = _now.AddSeconds(since),
        });
}
