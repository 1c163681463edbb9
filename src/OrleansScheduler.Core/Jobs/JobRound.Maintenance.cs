namespace OrleansScheduler.Core;

/// <content>Nodes that are to be emptied.</content>
public sealed partial class JobRound
{
    private const string DrainMessage = "Draining machine for maintenance.";

    /// <summary>The node is to be emptied, whatever the job's SLA says.</summary>
    public void NodeDraining(string node)
    {
        foreach (var task in On(node).Where(IsGoing)) Drain(task);
    }

    /// <summary>Which jobs have an SLA.</summary>
    public SlaSettings Sla { get; init; } = SlaSettings.Default;

    /// <summary>
    /// The node is to be emptied of what the SLA does not need. The decision is the job's and looks at all its instances, so that nodes
    /// that drain at once never take more of it than its SLA allows.
    /// </summary>
    /// <remarks>Only services have an SLA: what runs to its end is started again elsewhere, as it is after every other loss.</remarks>
    /// <param name="ask">What the node wants.</param>
    /// <param name="permitted">Attempts that the job's coordinator has let go.</param>
    public DrainAnswer Drain(DrainAsk ask, ImmutableArray<AttemptRef> permitted)
    {
        var held = ImmutableArray.CreateBuilder<HeldInstance>();
        var policy = Exists && Spec.Type == JobType.Service ? Spec.Sla ?? ask.DefaultSla : null;
        Dictionary<(ScheduleStatus, bool), SlaVerdict> known = [];   // since the last one that was let go
        foreach (var task in On(ask.Node).Where(IsGoing))
        {
            var verdict = policy is null ? SlaVerdict.Yes : Judge(policy, task, known);
            if (verdict.Allowed || (verdict.Coordinator is not null && permitted.Contains(task.Ref)))
            {
                Drain(task);
                known.Clear();
                continue;
            }

            held.Add(new HeldInstance
            {
                Job = state.Key,
                Instance = task.Instance,
                Reason = verdict.Reason ?? "",
                Until = Earlier(verdict.RetryAt, ask.Deadline),
                Coordinator = verdict.Coordinator?.ToString(),
            });
        }

        return new DrainAnswer(held.ToImmutable(), On(ask.Node).Count(t => t.Status.IsStopping()));
    }

    /// <summary>
    /// A verdict looks at every instance of the job, and a node may have hundreds of ten thousand. Those in one status get the same one,
    /// except those that are up and do not count yet: without themselves each of them sees others.
    /// </summary>
    private SlaVerdict Judge(SlaPolicy policy, ScheduledTask task, Dictionary<(ScheduleStatus, bool), SlaVerdict> known)
    {
        var isAlike = !task.IsUp || task.UpSince + policy.Duration <= now;
        if (isAlike && known.TryGetValue((task.Status, task.IsUp), out var verdict)) return verdict;
        verdict = SlaRules.Judge(policy, Spec, All(), task.Instance, now, Sla);
        if (isAlike) known[(task.Status, task.IsUp)] = verdict;
        return verdict;
    }

    private static bool IsGoing(ScheduledTask task) =>
        task.Status is ScheduleStatus.Assigned or ScheduleStatus.Starting or ScheduleStatus.Running;

    private void Drain(ScheduledTask task) => Happen(task, new TaskEvent(ScheduleStatus.Draining, now) { Message = DrainMessage });

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;
}
