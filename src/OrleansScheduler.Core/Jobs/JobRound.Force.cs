namespace OrleansScheduler.Core;

/// <content>What an operator says about a task against what the cell believes.</content>
public sealed partial class JobRound
{
    /// <summary>
    /// Moves a task to another status, by the same edges as everything else does (Aurora's forceTaskState). A status that does not follow
    /// changes nothing, which is an answer and no error.
    /// </summary>
    /// <remarks>
    /// It does not stop what runs: an attempt that is given up like this while it runs is ended when its node speaks of it the next time.
    /// A strict task is given up only when its lease rules out that it runs.
    /// </remarks>
    public Answer<CommandReceipt> Force(string operationId, int instance, ScheduleStatus to, string actor) =>
        Command(operationId, "force", $"{instance} {to.ToName()}", actor, () =>
        {
            if (Unknown([instance]) is { } unknown) return unknown;
            if (to is ScheduleStatus.Init or ScheduleStatus.Assigned)
            {
                return Problem.Of(ProblemKind.Invalid, "status-not-forced",
                    $"A task cannot be made {to.ToName()}: only the ledger gives nodes, and what does not exist has no status.");
            }

            var task = Find(instance)!;
            if (task.Status.HoldsNode() && to.IsTerminal() && IsStrict(task) && !MayReplace(task))
            {
                return Problem.Of(ProblemKind.Conflict, "strict-task",
                    $"{state.Key}/{instance} may still run on {task.Node} and must never run twice: "
                    + "stop it, or wait until its lease has ended.");
            }

            var message = $"Forced from {task.Status.ToName()} to {to.ToName()} by {actor}";
            return Happen(task, new TaskEvent(to, now) { Message = message })
                ? (1, $"{state.Key}/{instance} was {task.Status.ToName()} and has become {to.ToName()}.")
                : (0, $"{state.Key}/{instance} is {task.Status.ToName()}, from which {to.ToName()} does not follow: nothing was changed.");
        }, duringUpdate: true);
}
