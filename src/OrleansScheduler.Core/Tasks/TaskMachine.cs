using System.Collections.Frozen;
using static OrleansScheduler.Core.ScheduleStatus;
using static OrleansScheduler.Core.TaskEffects;

namespace OrleansScheduler.Core;

/// <summary>Decides what an event does to a task. Pure: no clock, no I/O, no runtime types.</summary>
/// <remarks>
/// Edges and side effects are those of Aurora 0.22, <c>TaskStateMachine.java</c>. Two things differ on purpose: a successor is the same row
/// with the next attempt number, and only an end by the task itself is penalised as flapping, never a kill or a loss.
/// </remarks>
public static class TaskMachine
{
    private static readonly ScheduleStatus[] Going = [Assigned, Starting, Running];
    private static readonly ScheduleStatus[] Stopping = [Preempting, Restarting, Draining];

    /// <summary>Every legal edge with what it brings about. What is not in here is illegal.</summary>
    public static FrozenDictionary<(ScheduleStatus From, ScheduleStatus To), TaskEffects> Edges { get; } = BuildEdges();

    /// <summary>
    /// Illegal edges that still say something: a task that should not be alive reports that it is, so it is told to stop.
    /// </summary>
    public static bool IsZombieSighting(ScheduleStatus from, ScheduleStatus to) =>
        (from.IsTerminal() || from.IsStopping()) && (to is Assigned or Starting or Running);

    /// <summary>
    /// Applies one event. The same status again changes nothing but readiness; an illegal one changes nothing and may ask for a kill.
    /// </summary>
    public static Transition Apply(ScheduledTask task, in TaskEvent e, in TaskPolicy policy)
    {
        if (e.To == task.Status) return new(ChangesReadiness(task, e) ? [Turn(task, e)] : [], None, IsLegal: true);
        if (!Edges.TryGetValue((task.Status, e.To), out var effects))
            return new([], IsZombieSighting(task.Status, e.To) ? Kill : None, IsLegal: false);

        if (effects.HasFlag(Delete)) return new([], Delete, IsLegal: true);

        var reschedules = Reschedules(task, effects, policy);
        var next = Enter(task, e, effects);
        var steps = ImmutableArray.Create(next);
        var outward = effects & (Launch | Kill);
        if (effects.HasFlag(BecomeLost))
        {
            var loss = new TaskEvent(Lost, e.At) { Message = "Action performed on partitioned task, marking as LOST." };
            var lost = Apply(next, loss, policy);
            return new(steps.AddRange(lost.Steps), outward | lost.Effects, IsLegal: true);
        }

        return new(reschedules ? steps.Add(Successor(next, task, e.At, policy)) : steps, outward, IsLegal: true);
    }

    /// <summary>The first state of an instance that does not exist yet.</summary>
    public static ScheduledTask Create(int instance, int attempt, int version, DateTimeOffset at, string? message = null) => new()
    {
        Instance = instance,
        Attempt = attempt,
        Version = version,
        Status = Pending,
        Since = at,
        Message = message,
    };

    /// <summary>A fresh attempt of an instance whose last one has ended or never got a node, free of penalties and old failures.</summary>
    public static ScheduledTask StartOver(ScheduledTask task, int version, DateTimeOffset at, string message) =>
        Create(task.Instance, task.Attempt + 1, version, at, message) with { ExitCode = task.ExitCode, Signal = task.Signal };

    /// <summary>Only a later word of the agent does: an earlier one that arrives late knows less than the row.</summary>
    private static bool ChangesReadiness(ScheduledTask task, in TaskEvent e) =>
        e.To == Running && e.Sequence > task.Sequence && e.IsReady is { } isReady && isReady != task.IsUp;

    /// <summary>It runs on as before; only whether it takes work is another.</summary>
    private static ScheduledTask Turn(ScheduledTask task, in TaskEvent e) => task with
    {
        Readiness = new(e.IsReady!.Value, e.At),
        Sequence = e.Sequence,
        Message = e.Message,
        History = [],
    };

    private static TaskReadiness? ReadinessAfter(ScheduledTask task, in TaskEvent e) => e.To switch
    {
        Running when e.Sequence < task.Sequence => task.Readiness,
        Running => e.IsReady is { } isReady ? new(isReady, Since: null) : null,
        Partitioned when task.Readiness is { } known => known with { Since = null },
        _ => null,
    };

    private static ScheduledTask Enter(ScheduledTask task, in TaskEvent e, TaskEffects effects) => task with
    {
        Status = e.To,
        Since = e.At,
        Message = e.Message,
        Node = e.To == Assigned && e.Node is not null ? e.Node : task.Node,
        Ports = e.To == Assigned && !e.Ports.IsDefault ? e.Ports : task.Ports,
        Devices = e.To == Assigned && !e.Devices.IsDefault ? e.Devices : task.Devices,
        Items = e.To == Assigned && !e.Items.IsDefault ? e.Items : task.Items,
        Generation = e.To == Assigned && e.Node is not null ? e.Generation : task.Generation,
        Sequence = Math.Max(task.Sequence, e.Sequence),
        Readiness = ReadinessAfter(task, e),
        ExitCode = e.To.IsTerminal() ? e.ExitCode : task.ExitCode,
        Signal = e.To.IsTerminal() ? e.Signal : task.Signal,
        Failures = effects.HasFlag(CountFailure) ? task.Failures + 1 : task.Failures,
        Asked = e.To.IsStopping() ? e.To : task.Asked,
        NextVersion = e.NextVersion != 0 ? e.NextVersion : task.NextVersion,
        NotBefore = null,
        History = [],
    };

    private static bool Reschedules(ScheduledTask task, TaskEffects effects, in TaskPolicy policy) =>
        effects.HasFlag(Reschedule)
        || (effects.HasFlag(RescheduleService) && policy.IsService)
        || (effects.HasFlag(RescheduleFailed)
            && (policy.IsService || policy.Retry.MaxFailures == -1 || task.Failures < policy.Retry.MaxFailures - 1))
        || (effects.HasFlag(RescheduleUnlessKilled) && task.Asked != Killing);

    private static ScheduledTask Successor(ScheduledTask ended, ScheduledTask before, DateTimeOffset at, in TaskPolicy policy)
    {
        var penalty = Penalty(ended, before, at, policy);
        return ended with
        {
            Attempt = ended.Attempt + 1,
            Status = penalty > TimeSpan.Zero ? Throttled : Pending,
            Since = at,
            Version = ended.NextVersion != 0 ? ended.NextVersion : ended.Version,
            NextVersion = 0,
            Node = null,
            Ports = [],
            Devices = [],
            Items = [],
            Generation = 0,
            Sequence = 0,
            Readiness = null,
            Asked = Init,
            Penalty = penalty,
            NotBefore = penalty > TimeSpan.Zero ? at + penalty : null,
            Message = penalty > TimeSpan.Zero
                ? $"Rescheduled, penalized for {(long)penalty.TotalMilliseconds} ms for flapping"
                : "Rescheduled",
        };
    }

    /// <summary>
    /// Truncated binary back-off: <c>min(max, h + jitter · h)</c>, h being the last penalty or the initial one (Aurora's
    /// TruncatedBinaryBackoff).
    /// </summary>
    private static TimeSpan Penalty(ScheduledTask ended, ScheduledTask before, DateTimeOffset at, in TaskPolicy policy)
    {
        var endedByItself = ended.Status is Finished or Failed && ended.Asked is not (Killing or Restarting or Draining or Preempting);
        if (!endedByItself || at - before.Since >= policy.Retry.BackoffMax) return TimeSpan.Zero;
        var h = ended.Penalty == TimeSpan.Zero ? policy.Retry.BackoffInitial : ended.Penalty;
        var next = h + TimeSpan.FromMilliseconds(Math.Round(h.TotalMilliseconds * policy.Jitter));
        return next < policy.Retry.BackoffMax ? next : policy.Retry.BackoffMax;
    }

    private static FrozenDictionary<(ScheduleStatus From, ScheduleStatus To), TaskEffects> BuildEdges()
    {
        var edges = new Dictionary<(ScheduleStatus, ScheduleStatus), TaskEffects>
        {
            [(Init, Pending)] = None,
            [(Init, Throttled)] = None,
            [(Throttled, Pending)] = None,
            [(Throttled, Killing)] = Delete,
            [(Pending, Assigned)] = Launch,
            [(Pending, Killing)] = Delete,
            [(Assigned, Starting)] = None,
            [(Assigned, Running)] = None,
            [(Starting, Running)] = None,
            [(Starting, Partitioned)] = None,
            [(Running, Partitioned)] = None,
            [(Partitioned, Assigned)] = None,
            [(Partitioned, Starting)] = None,
            [(Partitioned, Running)] = None,
            [(Partitioned, Finished)] = RescheduleService,
            [(Partitioned, Failed)] = CountFailure | RescheduleFailed,
            [(Partitioned, Lost)] = Kill | RescheduleUnlessKilled,
            [(Killing, Finished)] = None,
            [(Killing, Failed)] = None,
            [(Killing, Killed)] = None,
            [(Killing, Lost)] = None,
            [(Killing, Partitioned)] = BecomeLost,
        };
        foreach (var from in Going)
        {
            edges[(from, Finished)] = RescheduleService;
            edges[(from, Failed)] = CountFailure | RescheduleFailed;
            edges[(from, Killed)] = Reschedule;
            edges[(from, Lost)] = from == Assigned ? Reschedule | Kill : Reschedule;
            edges[(from, Killing)] = Kill;
            foreach (var to in Stopping) edges[(from, to)] = Kill;
        }

        foreach (var from in Stopping)
        {
            edges[(from, Finished)] = Reschedule;
            edges[(from, Failed)] = Reschedule;
            edges[(from, Killed)] = Reschedule;
            edges[(from, Lost)] = Reschedule | Kill;
            edges[(from, Killing)] = None;
            edges[(from, Partitioned)] = BecomeLost;
            edges[(Partitioned, from)] = BecomeLost;
        }

        edges[(Partitioned, Killing)] = BecomeLost;
        return edges.ToFrozenDictionary();
    }
}
