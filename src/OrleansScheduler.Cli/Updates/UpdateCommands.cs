using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched update …</c>: looks at updates of jobs and steers them.</summary>
internal static class UpdateCommands
{
    public static Verb Create(Shell shell) => new Verb(
        shell, "update", "Look at updates of jobs and steer them", "update list", "update status shop/prod/web",
        "update pause shop/prod/web")
        .With(
            CreateList(shell),
            CreateStatus(shell),
            CreateChange(shell, UpdateVerb.Pause, "Hold an update: no further instance sets out"),
            CreateChange(shell, UpdateVerb.Resume, "Let a paused update go on"),
            CreateChange(shell, UpdateVerb.Abort, "End an update half way; the instances stay what they are"),
            CreateChange(shell, UpdateVerb.Rollback, "Take the instances of an active update back to what they were"),
            CreateChange(shell, UpdateVerb.Pulse, "Tell a guarded update that its guard is alive"),
            CreateWait(shell));

    private static Verb CreateList(Shell shell)
    {
        var job = Arguments.OptionalJob("Only this job, with its updates that have ended");
        var role = new Option<string?>("--role") { Description = "Only jobs of this role" };
        var environment = new Option<string?>("--env") { Description = "Only jobs of this environment" };
        var limit = Arguments.Limit();
        var verb = new Verb(
            shell, "list", "List the updates that have not ended, or all that a job remembers", "update list --role shop",
            "update list shop/prod/web -o wide")
        { Aliases = { "ls" } };
        return verb.With(job, role, environment, limit).Runs(async (session, cancellationToken) =>
        {
            if (session.Value(job) is { } key)
            {
                var updates = await session.Client.ListUpdatesAsync(key, cancellationToken);
                if (updates.Problem is { } problem) return session.Fail(problem);
                session.Printer.List(updates.Value!.Items, UpdateListing.For(session));
                return ExitCode.Ok;
            }

            return session.List(
                await Session.AllAsync(
                    page => session.Client.ListUpdatesAsync(
                        session.Value(role), session.Value(environment), page: page, cancellationToken: cancellationToken),
                    session.Value(limit)),
                UpdateListing.For(session));
        });
    }

    private static Verb CreateStatus(Shell shell)
    {
        var (job, number) = (Arguments.Job(), Number());
        return new Verb(
            shell, "status", "Show a job's update and its story", "update status shop/prod/web", "update status shop/prod/web --update 4")
            .With(job, number).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.ListUpdatesAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                var wanted = session.Value(number);
                var update = answer.Value!.Items.FirstOrDefault(update => wanted is null || update.ToVersion == wanted);
                if (update is null) return session.Fail(UpdateProblems.NotFound(session.Value(job), wanted));
                session.Printer.One(update, UpdateListing.For(session), view => UpdateListing.Describe(session, view));
                return ExitCode.Ok;
            });
    }

    private static Verb CreateChange(Shell shell, UpdateVerb verb, string description)
    {
        var word = verb.ToString().ToLowerInvariant();
        var (job, number, operation) = (Arguments.Job(), Number(), Arguments.Operation());
        var message = new Option<string?>("--message", "-m") { Description = "Why; it is kept with the update", HelpName = "text" };
        var wait = new Option<bool>("--wait", "-w") { Description = "Wait until the update has ended" };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        var command = new Verb(shell, word, description, $"update {word} shop/prod/web");
        var goesOn = verb is UpdateVerb.Resume or UpdateVerb.Rollback;
        command = goesOn
            ? command.With(job, number, message, wait, timeout, operation)
            : command.With(job, number, message, operation);
        return command.Runs(async (session, cancellationToken) =>
        {
            var answer = await Change.SendAsync(
                session, session.Value(operation),
                key => session.Client.ChangeUpdateAsync(
                    session.Value(job), verb, session.Value(number), session.Value(message), key, cancellationToken));
            if (answer.Problem is { } problem) return session.Fail(problem);
            session.Printer.One(answer.Value!, UpdateListing.Receipts, receipt => session.Printer.Text(receipt.Message));
            if (!goesOn || !session.Value(wait)) return ExitCode.Ok;
            var goal = JobGoal.UpdateEnded(
                session.Value(job), answer.Value!.Update, verb == UpdateVerb.Rollback ? "ROLLED_BACK" : "ROLLED_FORWARD");
            return await JobWatch.WaitAsync(session, [goal], session.Value(timeout), cancellationToken);
        });
    }

    private static Verb CreateWait(Shell shell)
    {
        var (job, number) = (Arguments.Job(), Number());
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        return new Verb(
            shell, "wait", "Wait until an update has ended; exit 1 when the job is not what it should have become",
            "update wait shop/prod/web --timeout 10m")
            .With(job, number, timeout).Runs((session, cancellationToken) => JobWatch.WaitAsync(
                session, [JobGoal.UpdateEnded(session.Value(job), session.Value(number), "ROLLED_FORWARD")], session.Value(timeout),
                cancellationToken));
    }

    private static Option<int?> Number() => new("--update")
    {
        Description = "Which update, by the version that it goes to; the latest when not given",
        HelpName = "version",
    };
}
