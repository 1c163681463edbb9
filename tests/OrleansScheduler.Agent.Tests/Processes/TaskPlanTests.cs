using CsCheck;

namespace OrleansScheduler.Agent.Tests;

/// <summary>The plan of a task's processes by Thermos' rules, in time that the test makes.</summary>
public sealed class TaskPlanTests
{
    private readonly List<string> _done = [];
    private TaskPlan _plan = null!;
    private ShimSpec _spec = null!;
    private long _now;

    [Fact]
    public void Processes_run_by_their_order_and_side_by_side_where_they_may()
    {
        Begin(P("a"), P("b", "a"), P("c", "a"), P("d", "b", "c"));
        Expect("Start a");
        End("a");
        Expect("Start b", "Start c");
        End("c");
        Expect();
        End("b");
        Expect("Start d");
        End("d");
        Expect();
        Assert.Equal((TaskStage.Over, true), (_plan.Stage, _plan.IsHealthy));
    }

    [Fact]
    public void No_more_run_at_once_than_may()
    {
        Begin([P("a"), P("b"), P("c")], concurrency: 2);
        Expect("Start a", "Start b");
        End("b");
        Expect("Start c");
    }

    [Fact]
    public void A_process_is_tried_again_as_often_as_it_may_fail_and_not_before_its_least_time()
    {
        Begin(P("a") with { MaxFailures = 3 });
        Expect("Start a");
        End("a", succeeded: false);
        Expect();
        Assert.Equal(5000, _plan.WakeAt);
        At(5000, "Start a");
        End("a", succeeded: false);
        At(10_000, "Start a");
        End("a", succeeded: false);
        At(10_001);
        Assert.Equal((TaskStage.Over, false, 0), (_plan.Stage, _plan.IsHealthy, _plan.FirstFailed));
    }

    [Fact]
    public void A_process_without_a_limit_is_tried_for_ever()
    {
        Begin(P("a") with { MaxFailures = 0, MinDuration = 1 });
        for (var i = 0; i < 100; i++)
        {
            At(_now + 1, "Start a");
            End("a", succeeded: false);
        }

        Assert.Equal(TaskStage.Active, _plan.Stage);
    }

    [Fact]
    public void A_daemon_is_started_again_when_it_succeeds_and_the_task_waits_for_it()
    {
        Begin(P("a"), P("d") with { Daemon = true });
        Expect("Start a", "Start d");
        End("a");
        End("d");
        Expect();
        At(4999);
        At(5000, "Start d");
        Assert.Equal(TaskStage.Active, _plan.Stage);
    }

    [Fact]
    public void An_ephemeral_daemon_ends_with_the_others()
    {
        Begin(P("a"), P("d") with { Daemon = true, Ephemeral = true });
        Expect("Start a", "Start d");
        End("a");
        Expect("Ask d");
        Assert.Equal(TaskStage.Cleaning, _plan.Stage);
        End("d", succeeded: false);
        Expect();
        Assert.Equal((TaskStage.Over, true), (_plan.Stage, _plan.IsHealthy));
    }

    [Fact]
    public void The_failure_of_an_ephemeral_process_is_no_failure_of_the_task()
    {
        Begin(P("a"), P("e") with { Ephemeral = true });
        Expect("Start a", "Start e");
        End("e", succeeded: false);
        Expect();
        End("a");
        Expect();
        Assert.Equal((TaskStage.Over, true), (_plan.Stage, _plan.IsHealthy));
    }

    [Fact]
    public void A_task_may_have_some_failures_and_fails_when_what_waits_can_never_run()
    {
        Begin([P("a"), P("b"), P("c", "a")], failures: 2);
        Expect("Start a", "Start b");
        End("a", succeeded: false);
        Expect();
        Assert.Equal(TaskStage.Active, _plan.Stage);
        End("b");
        Expect();
        Assert.Equal((TaskStage.Over, false), (_plan.Stage, _plan.IsHealthy));
    }

    [Fact]
    public void Those_that_run_are_asked_to_end_when_one_has_failed_and_ended_when_their_time_is_over()
    {
        Begin(P("a"), P("b"), P("f") with { Final = true });
        Expect("Start a", "Start b");
        End("a", succeeded: false);
        Expect("Ask b");
        At(999);
        At(1000, "Kill b");
        End("b", succeeded: false);
        At(1001, "Start f");
        Assert.Equal(TaskStage.Finalizing, _plan.Stage);
        End("f");
        At(1002);
        Assert.Equal((TaskStage.Over, false), (_plan.Stage, _plan.IsHealthy));
    }

    [Fact]
    public void H04_Final_processes_run_when_the_task_was_stopped_and_have_their_time()
    {
        Begin(P("a"), P("f") with { Final = true }, P("g", "f") with { Final = true });
        Expect("Start a");
        _plan.Stop();
        Expect("Ask a");
        End("a", succeeded: false);
        Expect("Start f");
        At(1000, "Kill f");
        End("f", succeeded: false);
        At(1001);
        Assert.Equal((TaskStage.Over, true), (_plan.Stage, _plan.WasStopped));
    }

    [Fact]
    public void A_kill_leaves_no_time_for_anything()
    {
        Begin(P("a"), P("f") with { Final = true });
        Expect("Start a");
        _plan.Kill();
        Expect("Kill a");
        End("a", succeeded: false);
        Expect();
        Assert.Equal(TaskStage.Over, _plan.Stage);
    }

    [Fact]
    public void Every_plan_comes_to_its_end_within_its_rules() =>
        Gen.Select(Gen.Int[1, 7], Gen.Int[0, 1_000_000]).Sample((count, seed) =>
        {
            var random = new Random(seed);
            var processes = Enumerable.Range(0, count).Select(i => P($"p{i}") with
            {
                Final = i > 0 && random.Next(4) == 0,
                Ephemeral = i > 0 && random.Next(4) == 0,
                Daemon = i > 0 && random.Next(6) == 0,
                MaxFailures = 1 + random.Next(3),
                MinDuration = random.Next(20),
            }).ToArray();
            for (var i = 0; i < count; i++)
            {
                var before = processes.Take(i).Where(other => !other.Daemon && other.Final == processes[i].Final
                    && (!other.Ephemeral || processes[i].Ephemeral) && random.Next(3) == 0);
                processes[i] = processes[i] with { After = [.. before.Select(other => other.Name)] };
            }

            Begin(processes, concurrency: random.Next(4), failures: random.Next(3));
            var running = new HashSet<int>();
            for (var steps = 0; steps < 5000 && _plan.Stage != TaskStage.Over; steps++)
            {
                _now += random.Next(30);
                foreach (var step in _plan.Next(_now))
                {
                    var process = processes[step.Process];
                    if (step.Verb != PlanVerb.Start)
                    {
                        Assert.Contains(step.Process, running);
                        continue;
                    }

                    Assert.True(running.Add(step.Process), $"{process.Name} runs already");
                    Assert.All(process.After, name => Assert.Equal(ProcessPhase.Succeeded, _plan.PhaseOf(
                        Array.FindIndex(processes, other => other.Name == name))));
                    Assert.Equal(process.Final, _plan.Stage == TaskStage.Finalizing);
                    Assert.True(_spec.MaxConcurrency == 0 || running.Count <= _spec.MaxConcurrency);
                }

                if (running.Count > 0 && random.Next(3) > 0)
                {
                    var ended = running.ElementAt(random.Next(running.Count));
                    running.Remove(ended);
                    _plan.Ended(ended, random.Next(3) > 0);
                }

                if (steps == 3000) _plan.Stop();
            }

            Assert.Equal((TaskStage.Over, 0), (_plan.Stage, running.Count));
        }, iter: 2000, threads: 1);

    private static ShimProcess P(string name, params string[] after) => new() { Name = name, Command = ["x"], After = [.. after] };

    private void Begin(params ShimProcess[] processes) => Begin(processes, concurrency: 0);

    private void Begin(ShimProcess[] processes, int concurrency = 0, int failures = 1)
    {
        _spec = new()
        {
            Sandbox = "",
            ExitFile = "",
            Environment = [],
            Processes = [.. processes],
            MaxConcurrency = concurrency,
            MaxFailures = failures,
            FinalizationWait = 1000,
        };
        (_plan, _now) = (new(_spec), 0);
    }

    private void At(long now, params string[] steps)
    {
        _now = now;
        Expect(steps);
    }

    private void Expect(params string[] steps)
    {
        _done.Clear();
        _done.AddRange(_plan.Next(_now).Select(step => $"{step.Verb} {_spec.Processes[step.Process].Name}"));
        Assert.Equal(steps, _done);
    }

    private void End(string name, bool succeeded = true) =>
        _plan.Ended(_spec.Processes.IndexOf(_spec.Processes.First(process => process.Name == name)), succeeded);
}
