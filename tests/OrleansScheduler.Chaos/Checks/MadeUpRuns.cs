namespace OrleansScheduler.Chaos;

/// <summary>
/// The checks are checked: a made-up run in which all is well, and for each rule what it looks like when it was broken. A check that passes
/// the second, or does not pass the first, is blind.
/// </summary>
internal static class MadeUpRuns
{
    private const string Node = "node-1";
    private const string OtherNode = "node-2";
    private static readonly JobKey Service = new("chaos", "test", "service-strict");
    private static readonly JobKey Lax = new("chaos", "test", "service-replace");
    private static readonly JobKey Batch = new("chaos", "test", "batch-odd");
    private static readonly JobKey Stopped = new("chaos", "test", "stopped");
    private static readonly JobKey Refused = new("chaos", "test", "refused");
    private static readonly JobKey Open = new("chaos", "test", "open");
    private static readonly JobKey Guest = WorkloadJob.Guest("guest").Key;

    private static readonly ImmutableArray<(string Check, string What, Func<Evidence, Evidence> Break)> Broken =
    [
        ("S1", "a node has more than it can hold", run => Tell(
            run, [.. Enumerable.Range(2, 10).Select(attempt => Beats(Lax, attempt, Node, 12, 14))])),
        ("S2", "two tasks have the same port", run => Tell(
            run, [new WitnessLine(12, new(Lax, 0, 2), Node, 1, WitnessKind.Start, PortOf(Service, 1))])),
        ("S3", "a strict instance runs twice", run => Tell(run, Beats(Service, 2, OtherNode, 14, 18), Beats(Service, 1, Node, 15, 17))),
        ("S3", "a strict instance runs twice during a fault of its node", run => Tell(
            Add(run, Fault("F4", 12, 16)), Beats(Service, 2, OtherNode, 14, 18))),
        ("S3", "another instance runs twice without a fault", run => Tell(run, Beats(Lax, 2, OtherNode, 12, 13))),
        ("S3", "another instance still runs twice long after the fault", run => Tell(
            Add(run, Fault("F4", 11, 12)), Beats(Lax, 1, Node, 12, 30), Beats(Lax, 2, OtherNode, 12, 30))),
        ("S4", "an accepted job is gone", run => Final(run, final => final with { Jobs = final.Jobs.SetItem(Service, null) })),
        ("S4", "an accepted scale is gone", run => Add(run, Change("scale", Service, "k9", 12, OutcomeKind.Ok, instances: 3))),
        ("S4", "a job was stopped by nobody", run => Final(
            run, final => Job(final, Service, job => job with { Phase = JobPhase.Stopped }))),
        ("S4", "a stopped job runs", run => Final(run, final => Job(final, Stopped, job => job with { Phase = JobPhase.Running }))),
        ("S4", "an accepted job is not found", run => Add(
            run,
            [Line("read", Service, 15), Line("read", Service, 15.1) with { K = OutcomeKind.Fail, Code = "job-not-found" }])),
        ("S5", "a refused job exists", run => Final(run, final => final with { Jobs = final.Jobs.SetItem(Refused, final.Jobs[Service]) })),
        ("S5", "an unknown outcome is done by half", run => Final(
            run, final => final with { Jobs = final.Jobs.SetItem(Open, View(Open, JobType.Service, 1, JobPhase.Running)) })),
        ("S5", "the same key gets another answer", run => Add(
            run, [Line("submit", Service, 13) with { Key = "k1", K = OutcomeKind.Ok, Version = 2, Outcome = "updating" }])),
        ("S6", "another request under a used key is accepted", run => Add(run, [Line("reuse", Service, 14) with { K = OutcomeKind.Ok }])),
        ("S6", "another request under a used key is refused for another reason", run => Add(
            run, [Line("reuse", Service, 14) with { K = OutcomeKind.Fail, Code = "update-in-progress" }])),
        ("S7", "a task runs after its end", run => Task(run, Batch, 0, task => task with
        {
            History = task.History.Add(new(default, 1, ScheduleStatus.Running, null, Node)),
        })),
        ("S7", "a task ends twice", run => Task(run, Batch, 0, task => task with
        {
            History = task.History.Add(new(default, 1, ScheduleStatus.Lost, null, Node)),
        })),
        ("S8", "an attempt is started twice", run => Tell(run, Beats(Batch, 1, OtherNode, 20, 21))),
        ("S8", "an attempt runs that nobody knows", run => Tell(run, Beats(Service, 7, OtherNode, 20, 21))),
        ("S8", "an attempt has no end", run => Task(run, Service, 0, task => task with
        {
            Attempt = 2,
            History = task.History.Add(new(default, 2, ScheduleStatus.Pending, null, null)),
        })),
        ("S9", "another exit code", run => Task(run, Batch, 0, task => task with { Status = ScheduleStatus.Failed, ExitCode = 3 })),
        ("S9", "finished and never exited", WithoutExits),
        ("S9", "a signal that nobody sent", run => Task(
            WithoutExits(run), Batch, 0,
            task => task with { Status = ScheduleStatus.Failed, ExitCode = null, Signal = 9 })),
        ("S10", "a reservation of nobody", run => Nodes(run, node => node with { Tasks = node.Tasks + 1 })),
        ("S10", "less reserved than placed", run => Nodes(run, node => node with { Used = new(100, 8, 0, 0) })),
        ("S11", "something runs that no job wants", run => Final(
            run, final => final with { Alive = final.Alive.Add(new(Batch, 0, 1)) })),
        ("S11", "something should run and does not", run => Final(run, final => final with { Alive = [] })),
        ("S12", "an earlier ledger is obeyed", run => run with { Epochs = run.Epochs.SetItem("agent-1", [3, 5, 4]) }),
        ("S13", "more jobs are accepted than the quota lets", run => Add(
            run, [.. from number in Enumerable.Range(1, WorkloadJob.Quota)
                     from line in Change("submit", OfQuota(number), $"q{number}", 14, OutcomeKind.Ok, instances: 1)
                     select line])),
        ("S14", "who made room is not tried again", run => Task(run with { History = [] }, WorkloadJob.FillerKey, 0, task => task with
        {
            Attempt = 1,
        })),
        ("S14", "somebody makes room for one who is not more important", run => Final(
            run, final => Job(final, Guest, job => job with { Spec = job.Spec with { Priority = 0 } }))),
        ("S14", "a seat is given away that is not free", run => Tell(run, Beats(WorkloadJob.FillerKey, 1, Node, 18, 19))),
        ("S15", "somebody makes room for one who does not come", run => Task(run, Guest, 0, task => task with
        {
            History = [task.History[0]],
        })),
        ("S16", "two instances are down at once", run => Tell(
            run, Beats(WorkloadJob.Rolling.Key, 2, OtherNode, 20, 22, 0), Beats(WorkloadJob.Rolling.Key, 2, OtherNode, 20, 22, 1))),
        ("S16", "a failed version stays", run => Final(
            run, final => Job(final, WorkloadJob.Rolling.Key, job => job with { Spec = Marked(job.Spec, WorkloadJob.Bad) }))),
        ("S16", "instances stay at another version", run => Final(run, final => Job(
            final, WorkloadJob.Rolling.Key, job => job with { Versions = [new(1, InstanceSet.Empty), new(2, InstanceSet.Empty)] }))),
        ("S17", "two replace the same version", run => Add(run, Update("u2", 13, 1, 2))),
        ("S17", "a version is left out", run => Add(run, Update("u3", 13, 2, 4))),
        ("S18", "a task ends with its agent", run => Add(WithoutExits(run), Fault("F3-kill-agent", 12, 13.5))),
        ("S18", "a task ends with its agent, and all is well again only long after that is back", run => Add(
            WithoutExits(run) with { Events = [.. run.Events, Registered(run, 14), Registered(run, 39)] },
            [.. Fault("F3-kill-agent", 12, 13.5), Settled(took: 26, missing: null)])),
        ("S19", "an agent goes back", run => Said(run, ScheduleStatus.Running, ScheduleStatus.Starting)),
        ("S19", "an agent sees two ends", run => Said(run, ScheduleStatus.Failed, ScheduleStatus.Finished)),
        ("S19", "a job never hears of an end", run => Said(
            Task(run, Batch, 0, task => task with { History = task.History.RemoveAt(task.History.Length - 1) }), ScheduleStatus.Finished)),
        ("S19", "a job knows another end", run => Said(run, ScheduleStatus.Failed)),
        ("S20", "somebody reads what another one knows to be over", run => Add(
            run, [Line("read", Service, 16) with { P = "client-2", K = OutcomeKind.Ok, Version = 1, Revision = 6 }])),
        ("S20", "a version is read that nobody asked for", run => Add(
            run, [Line("read", Service, 16) with { K = OutcomeKind.Ok, Version = 3, Revision = 6 }])),
        ("S21", "an earlier revision is read", run => Add(
            run, [Line("read", Service, 16) with { K = OutcomeKind.Ok, Version = 1, Revision = 4 }])),
        ("S22", "an event is missing", run => run with { Events = [.. run.Events, Seen(50, "g-99")] }),
        ("S22", "an event comes twice", run => run with { Events = [.. run.Events, Seen(50, "g-0")] }),
        ("S22", "nobody is told of something", run => Stays(run, ScheduleStatus.Pending, 20)),
        ("S23", "a time is left out", run => Cron(run, cron => cron with { Started = 1 })),
        ("S23", "a run never ran", run => run with { Witness = run.Witness.RemoveAll(line => line.At > 30) }),
        ("S23", "a run ran twice", run => Tell(run, CronRun(3, 32))),
        ("S23", "a run came late", run => run with
        {
            Witness = [.. run.Witness.Select(line => line.Attempt.Job == WorkloadJob.Cron.Key ? line with { At = line.At + 7 } : line)],
        }),
        ("S24", "a task is started on a node that is out of service", run => Tell(run, Beats(Lax, 2, OtherNode, 30, 31))),
        ("S25", "a task runs where it may not", run => Tell(run, Beats(Batch, 2, OtherNode, 20, 21))),
        ("S26", "a task starts after the stop", run => Tell(run, Beats(Stopped, 2, Node, 20, 21))),
        ("S26", "a task lives after the stop", run => Final(
            run, final => final with { Alive = final.Alive.Add(new(Stopped, 0, 1)) })),
        ("L1", "a fault is not got over", run => Add(run, [Settled(40, null)])),
        ("L1", "a service does not come back", run => Add(run, [Settled(1, "service")])),
        ("L2", "a task waits for a node", run => Stays(run, ScheduleStatus.Pending, 6)),
        ("L3", "a task is not started", run => Stays(run, ScheduleStatus.Assigned, 11)),
        ("L4", "they never agree", run => Final(run, final => final with { Differs = "a node" })),
        ("L5", "the cell waits for an operator", run => Final(run, final => final with { Cell = final.Cell! with { SafeMode = true } })),
        ("L5", "a job hangs", run => Final(run, final => Job(final, Batch, job => job with { Phase = JobPhase.Pending }))),
    ];

    /// <summary>How many cases there are.</summary>
    public static int Count => Broken.Length + 1;

    /// <summary>What was not noticed, and what was noticed though all is well.</summary>
    public static ImmutableArray<string> Blind()
    {
        var well = Well();
        return
        [
            .. Check.All.Select(check => check.Of(well)).Where(result => result.Verdict != Verdict.Passed)
                .Select(result => $"{result.Id} is {result.Verdict} though all is well: {string.Join("; ", result.Violations)}"),
            .. Broken.Where(made => Check.All.First(check => check.Id == made.Check).Of(made.Break(well)).Verdict != Verdict.Violated)
                .Select(made => $"{made.Check} does not notice that {made.What}"),
        ];
    }

    private static Evidence Well() => new()
    {
        History =
        [
            .. Change("submit", Service, "k1", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", Lax, "k2", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", Batch, "k3", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", Stopped, "k4", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", Refused, "k5", 10, OutcomeKind.Fail, instances: 1),
            .. Change("submit", Open, "k6", 10, OutcomeKind.Info, instances: 2),
            .. Change("stop", Stopped, "k7", 12, OutcomeKind.Ok),
            .. Change("submit", OfQuota(0), "k8", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", WorkloadJob.FillerKey, "k13", 10, OutcomeKind.Ok, instances: 1),
            .. Change("submit", Guest, "k10", 15, OutcomeKind.Ok, instances: 1),
            .. Change("stop", Guest, "k11", 29, OutcomeKind.Ok), .. Change("stop", WorkloadJob.FillerKey, "k12", 34, OutcomeKind.Ok),
            .. Update("u1", 12, 1, 2),
            .. Drain("drain", 25, "d1"), .. Drain("undrain", 35, "d2"),
            Line("read", Service, 15) with { K = OutcomeKind.Ok, Version = 2, Revision = 5 },
            Line("reuse", Service, 15.5) with { K = OutcomeKind.Fail, Code = "idempotency-key-reused" },
            Settled(2, null),
        ],
        Witness =
        [
            .. Beats(Service, 1, Node, 11, 16), .. Beats(Lax, 1, Node, 11, 16), .. Beats(Stopped, 1, Node, 11, 12),
            .. Beats(Batch, 1, Node, 11, 13), new(13.1, new(Batch, 0, 1), Node, 1, WitnessKind.Exit, 0),
            .. Beats(WorkloadJob.Rolling.Key, 1, OtherNode, 11, 16, 0), .. Beats(WorkloadJob.Rolling.Key, 1, OtherNode, 11, 16, 1),
            .. Beats(WorkloadJob.FillerKey, 1, Node, 11, 18), .. Beats(Guest, 1, Node, 18.5, 29),
            .. Beats(WorkloadJob.FillerKey, 2, Node, 30, 34), .. CronRun(1, 20), .. CronRun(2, 30),
        ],
        Events =
        [
            Seen(5, "f-7"), Seen(6, "f-8"), new(7, EventCheck.Gap, null), Seen(50, "g-0"),
            .. Seats().SelectMany(task => task.History.Select(line => (task.Job, line))).Select((told, index) =>
                new SeenEvent(50, $"g-{index + 1}", new()
                {
                    Kind = "task",
                    Job = told.Job,
                    Instance = 0,
                    Attempt = told.line.Attempt,
                    At = told.line.At,
                    Node = Node,
                    Message = told.line.Message,
                    Status = told.line.Status.ToName(),
                })),
        ],
        Epochs = ImmutableDictionary<string, ImmutableArray<long>>.Empty.Add("agent-1", [3, 5]),
        Words = ImmutableDictionary<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>>.Empty
            .Add(("agent-1", new(Batch, 0, 1)), [ScheduleStatus.Starting, ScheduleStatus.Running, ScheduleStatus.Finished]),
        Final = new()
        {
            Cell = new() { Name = "cell", Version = "1", Nodes = ImmutableSortedDictionary<string, int>.Empty },
            Nodes =
            [
                new()
                {
                    Description = Describe(Node, 1),
                    Status = "ready",
                    Tasks = 2,
                    Used = new(200, 16, 0, 0),
                },
                new() { Description = Describe(OtherNode, 2), Status = "ready" },
            ],
            Jobs = ImmutableDictionary<JobKey, JobView?>.Empty
                .Add(Service, View(Service, JobType.Service, 1, JobPhase.Running))
                .Add(Lax, View(Lax, JobType.Service, 1, JobPhase.Running))
                .Add(Batch, View(Batch, JobType.Batch, 1, JobPhase.Finished))
                .Add(Stopped, View(Stopped, JobType.Service, 1, JobPhase.Stopped))
                .Add(WorkloadJob.FillerKey, View(WorkloadJob.FillerKey, JobType.Service, 1, JobPhase.Stopped))
                .Add(Guest, Important(View(Guest, JobType.Service, 1, JobPhase.Stopped)))
                .Add(OfQuota(0), View(OfQuota(0), JobType.Service, 1, JobPhase.Running))
                .Add(WorkloadJob.Rolling.Key, View(WorkloadJob.Rolling.Key, JobType.Service, 2, JobPhase.Running) with
                {
                    Versions = [new(1, InstanceSet.Empty)],
                })
                .Add(WorkloadJob.Cron.Key, View(WorkloadJob.Cron.Key, JobType.Cron, 1, JobPhase.Scheduled) with
                {
                    CreatedAt = default(DateTimeOffset).AddSeconds(15),
                    Cron = new() { Started = 2, DecidedUntil = default(DateTimeOffset).AddSeconds(30) },
                }),
            Tasks =
            [
                TaskOf(Service, ScheduleStatus.Running), TaskOf(Lax, ScheduleStatus.Running),
                TaskOf(Batch, ScheduleStatus.Finished) with { ExitCode = 0 }, TaskOf(Stopped, ScheduleStatus.Killed),
                .. Seats(),
            ],
            Alive = [new(Service, 0, 1), new(Lax, 0, 1)],
            AgreedAfter = 1,
        },
    };

    private static NodeDescription Describe(string id, int number) => new()
    {
        Id = id,
        Host = "",
        Capacity = new(1000, 1024, 0, 0),
        Attributes = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
            .Add(WorkloadJob.HalfAttribute, [WorkloadJob.HalfOf(number)]),
    };

    private static int PortOf(JobKey job, int attempt) => 31_000 + (100 * job.Name.Length) + attempt;

    private static JobView View(JobKey job, JobType type, int instances, JobPhase phase) => new()
    {
        Key = job,
        Type = type,
        Phase = phase,
        Instances = instances,
        Version = 1,
        Counts = ImmutableSortedDictionary<string, int>.Empty,
        Spec = new() { Key = job, Type = type, Instances = instances, Task = new() { Command = ["true"], Resources = new(100, 8, 0, 0) } },
    };

    private static TaskView TaskOf(JobKey job, ScheduleStatus status) => new()
    {
        Job = job,
        Attempt = 1,
        Status = status,
        Node = Node,
        Ports = ImmutableSortedDictionary<string, int>.Empty,
        History =
        [
            .. ((ScheduleStatus[])[ScheduleStatus.Pending, ScheduleStatus.Assigned, ScheduleStatus.Running])
                .Append(status).Distinct().Select(entered => new TaskHistoryEntry(default, 1, entered, null, Node)),
        ],
    };

    private static TaskView[] Seats() =>
    [
        Seat(WorkloadJob.FillerKey, 2,
            (10, 1, ScheduleStatus.Pending, null), (10, 1, ScheduleStatus.Assigned, null), (11, 1, ScheduleStatus.Running, null),
            (17, 1, ScheduleStatus.Preempting, $"Preempting in favor of {Guest}/0"), (18, 1, ScheduleStatus.Killed, null),
            (18, 2, ScheduleStatus.Pending, null), (29, 2, ScheduleStatus.Assigned, null), (30, 2, ScheduleStatus.Running, null),
            (34, 2, ScheduleStatus.Killing, null), (34, 2, ScheduleStatus.Killed, null)),
        Seat(Guest, 1,
            (15, 1, ScheduleStatus.Pending, null), (18, 1, ScheduleStatus.Assigned, null), (18.5, 1, ScheduleStatus.Running, null),
            (29, 1, ScheduleStatus.Killing, null), (29, 1, ScheduleStatus.Killed, null)),
    ];

    private static TaskView Seat(
        JobKey job, int attempt, params (double At, int Attempt, ScheduleStatus Status, string? Message)[] history) =>
        TaskOf(job, history[^1].Status) with
        {
            Attempt = attempt,
            History =
            [
                .. history.Select(line =>
                    new TaskHistoryEntry(default(DateTimeOffset).AddSeconds(line.At), line.Attempt, line.Status, line.Message, Node)),
            ],
        };

    private static JobView Important(JobView job) => job with { Spec = job.Spec with { Priority = 1 } };

    private static SeenEvent Seen(double at, string cursor) => new(at, cursor, new() { Kind = "task", Status = "PENDING" });

    private static SeenEvent Registered(Evidence run, double at) => new(
        at, "g-1", new() { At = run.Zero.AddSeconds(at), Kind = "node", Node = Node, Status = "REGISTERED" });

    private static JobKey OfQuota(int number) => WorkloadJob.OfQuota($"counted-{number}").Key;

    private static JobSpec Marked(JobSpec spec, string mark) =>
        spec with { Task = spec.Task with { Env = spec.Task.Env.SetItem("MARK", mark) } };

    private static IEnumerable<WitnessLine> Beats(JobKey job, int attempt, string node, double from, double to, int instance = 0) =>
    [
        new(from, new(job, instance, attempt), node, 1, WitnessKind.Start, PortOf(job, attempt) + instance),
        new(to, new(job, instance, attempt), node, 1, WitnessKind.Beat),
    ];

    private static IEnumerable<WitnessLine> CronRun(int attempt, double at) =>
    [
        .. Beats(WorkloadJob.Cron.Key, attempt, Node, at + 0.5, at + 1.5),
        new(at + 1.6, new(WorkloadJob.Cron.Key, 0, attempt), Node, 1, WitnessKind.Exit, 0),
    ];

    private static HistoryEvent Line(string operation, JobKey job, double at) =>
        new() { T = at, P = "client-1", K = OutcomeKind.Invoke, Op = operation, Job = job.ToString() };

    private static IEnumerable<HistoryEvent> Change(
        string operation, JobKey job, string key, double at, OutcomeKind outcome, int? instances = null)
    {
        var line = Line(operation, job, at) with { Key = key, Instances = instances };
        int? version = operation == "submit" && outcome == OutcomeKind.Ok ? 1 : null;
        return [line, line with { T = at + 0.1, K = outcome, Version = version, Outcome = version is null ? null : "created" }];
    }

    private static IEnumerable<HistoryEvent> Update(string key, double at, int expected, int version)
    {
        var line = Line("update", Service, at) with { Key = key, Expected = expected };
        return [line, line with { T = at + 0.1, K = OutcomeKind.Ok, Version = version, Outcome = "updating" }];
    }

    private static IEnumerable<HistoryEvent> Drain(string operation, double at, string key)
    {
        var line = new HistoryEvent
        {
            T = at,
            P = "operator",
            K = OutcomeKind.Invoke,
            Op = operation,
            Target = OtherNode,
            Key = key,
        };
        return [line, line with { T = at + 0.1, K = OutcomeKind.Ok }];
    }

    private static IEnumerable<HistoryEvent> Fault(string class_, double from, double to)
    {
        var line = new HistoryEvent { T = from, P = "nemesis", K = OutcomeKind.Inject, Op = class_, Target = Node, Nodes = [Node] };
        return [line, line with { T = to, K = OutcomeKind.Heal }];
    }

    private static HistoryEvent Settled(double took, string? missing) =>
        new() { T = 40, P = "nemesis", K = OutcomeKind.Settled, Op = "F4", Took = took, Code = missing };

    private static Evidence WithoutExits(Evidence run) =>
        run with { Witness = run.Witness.RemoveAll(line => line.Kind == WitnessKind.Exit) };

    private static Evidence Tell(Evidence run, params IEnumerable<WitnessLine>[] more) =>
        run with { Witness = [.. run.Witness, .. more.SelectMany(lines => lines)] };

    private static Evidence Said(Evidence run, params ScheduleStatus[] words) =>
        run with { Words = run.Words.SetItem(("agent-1", new(Batch, 0, 1)), [.. words]) };

    private static Evidence Add(Evidence run, IEnumerable<HistoryEvent> more) => run with { History = run.History.AddRange(more) };

    private static Evidence Final(Evidence run, Func<FinalView, FinalView> change) => run with { Final = change(run.Final!) };

    private static FinalView Job(FinalView final, JobKey job, Func<JobView, JobView> change) =>
        final with { Jobs = final.Jobs.SetItem(job, change(final.Jobs[job]!)) };

    private static Evidence Task(Evidence run, JobKey job, int instance, Func<TaskView, TaskView> change) => Final(run, final => final with
    {
        Tasks = [.. final.Tasks.Select(task => task.Job == job && task.Instance == instance ? change(task) : task)],
    });

    private static Evidence Cron(Evidence run, Func<CronView, CronView> change) =>
        Final(run, final => Job(final, WorkloadJob.Cron.Key, job => job with { Cron = change(job.Cron!) }));

    private static Evidence Stays(Evidence run, ScheduleStatus status, double seconds) => Task(run, Service, 0, task => task with
    {
        History =
        [
            .. task.History.TakeWhile(entry => entry.Status <= status),
            .. task.History.SkipWhile(entry => entry.Status <= status).Select(entry => entry with { At = entry.At.AddSeconds(seconds) }),
        ],
    });

    private static Evidence Nodes(Evidence run, Func<NodeView, NodeView> change) =>
        Final(run, final => final with { Nodes = [.. final.Nodes.Select(change)] });
}
