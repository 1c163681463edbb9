using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>What a job lets go of a node that is to be emptied, in virtual time.</summary>
public sealed class JobDrainTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void M05_Of_two_instances_with_a_count_of_one_the_job_lets_one_go()
    {
        var job = Running(2, new SlaPolicy(null, 1, Minute));
        Assert.Empty(Drain(job, "node-0").Held);
        Assert.Equal(Draining, job.State.Tasks[0].Status);

        var held = Assert.Single(Drain(job, "node-1").Held);
        Assert.Equal((1, (DateTimeOffset?)null), (held.Instance, held.Until));
        Assert.Contains("its SLA of 1 instance asks for 1", held.Reason);

        job.Report(0, Killed, 3);
        Assert.Single(Drain(job, "node-1").Held);   // the other one waits for a node
        Place(job, 0, "node-9");
        Assert.Equal(job.Now + Minute, Assert.Single(Drain(job, "node-1").Held).Until);   // and has to run for its minute
        job.Advance(Minute);
        Assert.Empty(Drain(job, "node-1").Held);
    }

    [Fact]
    public void M05_By_force_all_of_them_go()
    {
        var job = Running(2, new SlaPolicy(null, 1, Minute));
        job.Do(r => r.NodeDraining("node-0"));
        job.Do(r => r.NodeDraining("node-1"));
        Assert.All(job.State.Tasks.Values, t => Assert.Equal(Draining, t.Status));
    }

    [Fact]
    public void M06_Of_two_instances_with_fifty_percent_the_job_lets_one_go()
    {
        var job = Running(2, new SlaPolicy(50, null, Minute));
        Assert.Empty(Drain(job, "node-0").Held);
        Assert.Single(Drain(job, "node-1").Held);
    }

    [Fact]
    public void M06_With_a_coordinator_only_what_it_has_let_go_goes()
    {
        var job = Running(2, new SlaPolicy(null, null, Minute) { Coordinator = new("http://c.example/", "drain") });
        Assert.Equal("http://c.example/", Assert.Single(Drain(job, "node-0").Held).Coordinator);
        job.Do(r => Assert.Empty(r.Drain(new("node-0", null, null), [job.State.Tasks[0].Ref]).Held));
        Assert.Equal((Draining, ScheduleStatus.Running), (job.State.Tasks[0].Status, job.State.Tasks[1].Status));
    }

    [Fact]
    public void Two_nodes_that_drain_in_one_round_take_no_more_than_the_SLA_allows()
    {
        var job = Running(3, new SlaPolicy(null, 2, Minute));
        var held = 0;
        job.Do(r =>
        {
            foreach (var node in new[] { "node-0", "node-1", "node-2" })
                held += r.Drain(new(node, null, null), []).Held.Length;
        });
        Assert.Equal(2, held);
        Assert.Equal(2, job.State.Tasks.Values.Count(t => t.Status == ScheduleStatus.Running));
    }

    [Fact]
    public void A_drain_that_is_repeated_lets_nothing_more_go()
    {
        var job = Running(3, new SlaPolicy(null, 2, Minute));
        for (var i = 0; i < 5; i++) Drain(job, "node-0");
        Assert.Equal(1, Drain(job, "node-0").Leaving);
        Assert.Equal(2, job.State.Tasks.Values.Count(t => t.Status == ScheduleStatus.Running));
    }

    [Fact]
    public void The_SLA_of_the_request_counts_for_services_without_one_and_only_for_them()
    {
        var strict = new SlaPolicy(null, 3, Minute);
        var without = Running(3, null);
        Drain(without, "node-0", strict);
        Assert.Single(Drain(without, "node-1", strict).Held);

        var own = Running(3, new SlaPolicy(null, 0, Minute));
        for (var i = 0; i < 3; i++) Assert.Empty(Drain(own, $"node-{i}", strict).Held);

        var batch = new JobFixture();
        batch.Run(batch.ABatch(2) with { Tier = Tier.Preferred });
        batch.Place();
        for (var i = 0; i < 2; i++) Assert.Empty(Drain(batch, $"node-{i}", strict).Held);

        var none = Running(3, null);
        for (var i = 0; i < 3; i++) Assert.Empty(Drain(none, $"node-{i}").Held);
    }

    [Fact]
    public void What_is_held_back_is_let_go_at_the_deadline_at_the_latest_and_the_answer_says_so()
    {
        var job = Running(2, new SlaPolicy(null, 2, 10 * Minute));
        var deadline = job.Now + Minute;
        Drain(job, "node-0");
        job.Do(r => Assert.Equal(deadline, Assert.Single(r.Drain(new("node-1", null, deadline), []).Held).Until));
    }

    [Fact]
    public void Nodes_that_drain_in_any_order_never_leave_fewer_running_than_the_SLA_promises() =>
        Gen.Select(Gen.Int[1, 8], Gen.Int[0, 8], Gen.Bool, Gen.Int[0, 120], Gen.Int[0, 100_000]).Sample(
            (instances, promise, isPercentage, seconds, seed) =>
            {
                var policy = isPercentage
                    ? new SlaPolicy(promise * 100.0 / 8, null, TimeSpan.FromSeconds(seconds))
                    : new SlaPolicy(null, promise, TimeSpan.FromSeconds(seconds));
                var promised = isPercentage ? (int)Math.Ceiling(instances * promise / 8.0) : promise;
                promised = Math.Min(promised, instances - 1);
                var (job, random) = (Running(instances, policy), new Random(seed));
                for (var step = 0; step < 200; step++)
                {
                    var task = job.State.Tasks[random.Next(instances)];
                    switch (random.Next(5))
                    {
                        case 0 or 1 when task.Status.HoldsNode():
                            Drain(job, task.Node!);
                            break;
                        case 2 when task.Status.IsStopping():
                            job.Report(task.Instance, Killed, 3);
                            break;
                        case 3 when task.Status == Pending:
                            Place(job, task.Instance, $"node-{random.Next(instances)}");
                            break;
                        case 4:
                            job.Advance(TimeSpan.FromSeconds(random.Next(60)));
                            break;
                    }

                    // Nothing but drains stops what runs here, so what counts once never falls below the promise.
                    var counting = job.State.Tasks.Values.Count(t =>
                        t.Status == ScheduleStatus.Running && t.Since + policy.Duration <= job.Now);
                    Assert.True(counting >= promised, $"{counting} of {instances} count, promised {promised}");
                }
            });

    [Fact]
    public void Instances_that_do_not_count_yet_are_judged_one_by_one()
    {
        var job = Running(4, new SlaPolicy(null, 2, Minute));
        job.Do(r => r.NodeDraining("node-2"));
        job.Do(r => r.NodeDraining("node-3"));
        foreach (var instance in new[] { 2, 3 })
        {
            job.Report(instance, Killed, 3);
            Place(job, instance, "node-x");
            job.Advance(Minute / 4);
        }

        // Two count, so either young one may go, but not one that counts.
        var first = job.State.Tasks[2].Since + Minute;
        Assert.Equal(first, Assert.Single(Drain(job, "node-0").Held).Until);
        Assert.Empty(Drain(job, "node-x").Held);
    }

    private static JobFixture Running(int instances, SlaPolicy? sla)
    {
        var job = new JobFixture();
        job.Run(job.AService(instances) with { Tier = Tier.Preferred, Sla = sla });
        job.Place();
        for (var i = 0; i < instances; i++) job.Report(i, ScheduleStatus.Running, 2);
        job.Advance(TimeSpan.FromHours(1));
        return job;
    }

    private static DrainAnswer Drain(JobFixture job, string node, SlaPolicy? defaultSla = null)
    {
        DrainAnswer? answer = null;
        job.Do(r => answer = r.Drain(new(node, defaultSla, null), []));
        return answer!;
    }

    private static void Place(JobFixture job, int instance, string node)
    {
        job.Do(r => Assert.True(r.Place(new Placement(job.State.Tasks[instance].Ref, node, []) { Generation = 1 }, 1)));
        job.Report(instance, ScheduleStatus.Running, 2);
    }
}
