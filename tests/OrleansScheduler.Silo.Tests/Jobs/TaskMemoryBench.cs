using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>What a running task takes of a silo's memory, part by part. Run it alone: it looks at the whole heap.</summary>
public sealed class TaskMemoryBench
{
    private const int Jobs = 1_000;
    private const int Size = 100;
    private const int Nodes = 1_000;
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    [Fact(Explicit = true)]
    public void Bytes_of_a_running_task_by_part()
    {
        var ledger = new Ledger(new LedgerOptions());
        for (var node = 0; node < Nodes; node++)
            ledger.Apply(new LedgerEvent.NodeChanged(SimulatedNode.Describe($"n{node:D4}"), 1, Reachable: true, MaintenanceMode.None));
        var states = Enumerable.Range(0, Jobs).Select(job => new JobState(new JobKey("bench", "test", $"job-{job}"))).ToArray();

        // Room for what the ledger answers is there before it is measured: jobs keep of it only the name of the node, which they share.
        var placements = new (int Job, AttemptRef Attempt, string Node)[Jobs * Size];
        var placed = 0;
        var spec = new JobSpec
        {
            Key = states[0].Key,
            Type = JobType.Service,
            Instances = Size,
            Task = new TaskSpec { Command = ["true"] },
        };

        Measure("ledger", () =>
        {
            var at = 0;
            foreach (var state in states)
            {
                var attempts = Enumerable.Range(0, Size).Select(i => new AttemptRef(i, 1)).ToImmutableArray();
                ledger.Apply(new LedgerEvent.Demanded(state.Key,
                    [new Demand { Version = 1, Request = new(100, 64, 1, 0), Attempts = attempts }]));
                while (ledger.Pending > 0)
                    foreach (var reservation in ledger.Plan(Start, 4096, 400_000).Reservations)
                        for (var i = 0; i < reservation.Attempts.Length; i++)
                            placements[placed++] = (at, reservation.Attempts[i], reservation.PlacementOf(i).Node);
                at++;
            }
        });
        Assert.Equal(Jobs * Size, placed);

        Measure("jobs", () =>
        {
            foreach (var state in states) state.Apply(Header(state, spec));
            foreach (var job in placements.GroupBy(p => p.Job))
                foreach (var status in (ScheduleStatus[])[ScheduleStatus.Pending, ScheduleStatus.Assigned, ScheduleStatus.Running])
                    states[job.Key].Apply(Header(states[job.Key], null) with
                    {
                        Steps = [.. job.Select(p => Step(p.Attempt, p.Node, status))],
                    });
        });

        var believed = Enumerable.Range(0, Nodes).Select(_ => new NodeAttempts()).ToArray();
        Measure("nodes", () =>
        {
            var next = 0;
            foreach (var (job, attempt, _) in placements)
            {
                // As it comes off the wire: a name of its own for every report.
                var key = JobKey.Parse(states[job].Key.ToString());
                believed[next++ % Nodes].Set(new AttemptReport
                {
                    Attempt = attempt.Of(key),
                    Sequence = 2,
                    Status = ScheduleStatus.Running,
                });
            }
        });
        GC.KeepAlive(states);
        GC.KeepAlive(ledger);
    }

    private static ScheduledTask Step(AttemptRef attempt, string node, ScheduleStatus status) => new()
    {
        Instance = attempt.Instance,
        Attempt = 1,
        Version = 1,
        Status = status,
        Since = Start,
        Node = status == ScheduleStatus.Pending ? null : node,
    };

    private static JobChange Header(JobState state, JobSpec? spec) => new()
    {
        Header = state.Header with { Version = 1 },
        Versions = spec is null ? [] : [new JobVersion(1, spec, Start, "bench")],
    };

    private static void Measure(string part, Action build)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        build();
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.SendDiagnosticMessage("{0}: {1:0} bytes a task", part, (double)bytes / (Jobs * Size));
    }
}
