using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job plan</c>: says what <c>job run</c> would do.</summary>
internal static class JobPlanCommand
{
    private static readonly Listing<PlanView> Plans = new(
        plan => string.Join('\n', plan.Jobs.Select(job => job.Key)), new Column<PlanView>("PLAN", plan => plan.Outlook.Summary));

    private static readonly Listing<FieldChange> Changes = new(
        change => change.Path,
        new("FIELD", change => change.Path),
        new("NOW", change => change.Before ?? "(default)"),
        new("THEN", change => change.After ?? "(default)"));

    public static Verb Create(Shell shell)
    {
        var file = new Argument<string>("file") { Description = "Job file, YAML or JSON; - reads standard input" };
        var set = Arguments.Set();
        return new Verb(
            shell, "plan",
            "Say what submitting a job file would do; changes nothing. Exit 0: no changes, 1: changes, 4: refused or no room",
            "job plan web.yaml", "job plan web.yaml -o json").With(file, set).Runs(async (session, cancellationToken) =>
            {
                var name = JobFileSource.NameOf(session.Value(file));
                var body = await JobFileSource.ReadAsync(session.Value(file), session.Value(set), session.Terminal, cancellationToken);
                if (body.Problem is { } unreadable) return session.Fail(unreadable, name);
                var answer = await session.Client.PlanJobsAsync(body.Value!, cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem, name);
                session.Printer.One(answer.Value!, Plans, plan => Describe(session, plan));
                if (!answer.Value!.Fits) return ExitCode.Rejected;
                return answer.Value.IsUnchanged ? ExitCode.Ok : ExitCode.Changes;
            });
    }

    private static void Describe(Session session, PlanView plan)
    {
        foreach (var job in plan.Jobs)
        {
            session.Printer.Text(Headline(job));
            if (!job.Changes.IsEmpty) session.Printer.Table(job.Changes, Changes);
        }

        session.Printer.Text("");
        Outlook.Describe(session, plan.Outlook);
    }

    private static Field Headline(JobPlan job) => job.Problem is { } problem
        ? new($"{job.Key} would be refused: {problem.Message} [{problem.Code}]", Tone.Bad)
        : job.Outcome switch
        {
            SubmitOutcome.Created => new($"{job.Key} is new.", Tone.Good),
            SubmitOutcome.Started => new($"{job.Key} would start again.", Tone.Good),
            SubmitOutcome.Updating => new($"{job.Key} would be updated from version {job.Version}, its instances restarted.", Tone.Busy),
            SubmitOutcome.Changed => new($"{job.Key} would be changed from version {job.Version} in place.", Tone.Busy),
            SubmitOutcome.Unchanged => new($"{job.Key} would not change.", Tone.Faint),
            _ => new($"{job.Key} would be {job.Outcome}."),
        };
}
