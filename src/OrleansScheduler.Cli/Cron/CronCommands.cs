using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched cron …</c>: jobs that the clock starts.</summary>
internal static class CronCommands
{
    public static Verb Create(Shell shell) => new Verb(
        shell, "cron", "Look at jobs that the clock starts, and start, pause or stop them",
        "cron list", "cron start shop/prod/report --wait", "cron explain \"30 2 * * *\" --timezone Europe/Berlin")
        .With(
            CreateList(shell),
            CreateStatus(shell),
            CreateStart(shell),
            Create(shell, CronVerb.Pause, "Pass a job's times over until it is resumed; what runs goes on"),
            Create(shell, CronVerb.Resume, "Follow the schedule again, from the next time on"),
            Create(shell, CronVerb.Stop, "Take a job off its schedule until it is submitted again; what runs goes on"),
            CronExplainCommand.Create(shell));

    private static Verb CreateList(Shell shell)
    {
        var role = new Option<string?>("--role") { Description = "Only jobs of this role" };
        var environment = new Option<string?>("--env") { Description = "Only jobs of this environment" };
        var limit = Arguments.Limit();
        var verb = new Verb(shell, "list", "List cron jobs with their next and last runs", "cron list", "cron list --role shop -o wide")
        {
            Aliases = { "ls" },
        };
        return verb.With(role, environment, limit).Runs(async (session, cancellationToken) => session.List(
            await Session.AllAsync(
                page => session.Client.ListCronJobsAsync(
                    session.Value(role), session.Value(environment), page: page, cancellationToken: cancellationToken),
                session.Value(limit)),
            CronListing.For(session)));
    }

    private static Verb CreateStatus(Shell shell)
    {
        var job = Arguments.Job();
        return new Verb(shell, "status", "Show one cron job: its schedule, next runs and last runs", "cron status shop/prod/report")
            .With(job).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.DescribeJobAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                if (answer.Value is not { Cron: not null, Spec.Schedule: not null })
                {
                    return session.Fail(Problem.Of(
                        ProblemKind.Conflict, "not-a-cron-job", $"{session.Value(job)} has no schedule; see osched job status."));
                }

                session.Printer.One(answer.Value, CronListing.For(session), view => CronListing.Describe(session, view));
                return ExitCode.Ok;
            });
    }

    private static Verb CreateStart(Shell shell)
    {
        var (job, operation) = (Arguments.Job(), Arguments.Operation());
        var wait = new Option<bool>("--wait", "-w") { Description = "Wait until the run has ended; exit 1 when it fails" };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        return new Verb(
            shell, "start", "Run a cron job now, whatever its schedule says",
            "cron start shop/prod/report", "cron start shop/prod/report --wait --timeout 10m")
            .With(job, wait, timeout, operation).Runs(async (session, cancellationToken) =>
            {
                // The run carries the operation that asked for it: so this very run is waited for, whatever else starts meanwhile.
                var key = session.Value(operation) ?? SchedulerClient.NewOperationId();
                var code = await Command(session, session.Value(job), CronVerb.Start, key, cancellationToken);
                if (code != ExitCode.Ok || !session.Value(wait)) return code;
                return await JobWatch.WaitAsync(
                    session, [JobGoal.CronRun(session.Value(job), key)], session.Value(timeout), cancellationToken);
            });
    }

    private static Verb Create(Shell shell, CronVerb verb, string description)
    {
        var (job, operation) = (Arguments.Job(), Arguments.Operation());
        var name = verb.ToString().ToLowerInvariant();
        return new Verb(shell, name, description, $"cron {name} shop/prod/report").With(job, operation).Runs((session, cancellationToken) =>
            Command(session, session.Value(job), verb, session.Value(operation), cancellationToken));
    }

    private static Task<int> Command(
        Session session, JobKey job, CronVerb verb, string? operation, CancellationToken cancellationToken) =>
        Change.RunAsync(session, operation, key => session.Client.CommandCronJobAsync(job, verb, key, cancellationToken));
}
