using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job …</c>: everything about jobs.</summary>
internal static class JobCommands
{
    /// <summary>More tasks than this are not shown with a job.</summary>
    private const int TasksShown = 20;

    public static Verb Create(Shell shell) => new Verb(
        shell, "job", "Submit jobs, look at them, change and stop them",
        "job init web.yaml", "job run web.yaml --wait", "job list", "job status shop/prod/web")
        .With(
            JobInitCommand.Create(shell),
            JobValidateCommand.Create(shell),
            JobPlanCommand.Create(shell),
            JobDiffCommand.Create(shell),
            JobRunCommand.Create(shell),
            CreateList(shell),
            CreateStatus(shell),
            JobVersionCommands.CreateHistory(shell),
            JobVersionCommands.CreateRollback(shell),
            CreateRestart(shell),
            CreateStop(shell),
            CreateScale(shell));

    private static Verb CreateList(Shell shell)
    {
        var role = new Option<string?>("--role") { Description = "Only jobs of this role" };
        var environment = new Option<string?>("--env") { Description = "Only jobs of this environment" };
        var limit = Arguments.Limit();
        var verb = new Verb(shell, "list", "List the jobs of the cell", "job list", "job list --role shop -o wide") { Aliases = { "ls" } };
        return verb.With(role, environment, limit).Runs(async (session, cancellationToken) => session.List(
            await Session.AllAsync(
                page => session.Client.ListJobsAsync(
                    session.Value(role), session.Value(environment), page: page, cancellationToken: cancellationToken),
                session.Value(limit)),
            JobListing.For(session)));
    }

    private static Verb CreateStatus(Shell shell)
    {
        var job = Arguments.Job();
        var sla = new Option<bool>("--sla") { Description = "Show how well the job was served instead" };
        var window = Arguments.Duration("--window", "With --sla: how far back to look (default 1m)");
        return new Verb(
            shell, "status", "Show one job and its tasks", "job status shop/prod/web", "job status shop/prod/web -o json",
            "job status shop/prod/web --sla --window 1h")
            .With(job, sla, window).Runs(async (session, cancellationToken) =>
            {
                if (session.Value(sla)) return await ShowSlaAsync(session, session.Value(job), session.Value(window), cancellationToken);
                var answer = await session.Client.DescribeJobAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                IReadOnlyCollection<TaskView> tasks = [];
                if (!session.Printer.IsForPrograms)
                {
                    var page = await session.Client.ListJobTasksAsync(
                        session.Value(job), limit: TasksShown, cancellationToken: cancellationToken);
                    if (page.Problem is { } missing) return session.Fail(missing);
                    tasks = page.Value!.Items;
                }

                session.Printer.One(answer.Value!, JobListing.For(session), view => JobListing.Describe(session, view, tasks));
                return ExitCode.Ok;
            });
    }

    private static async Task<int> ShowSlaAsync(Session session, JobKey job, TimeSpan? window, CancellationToken cancellationToken)
    {
        var answer = await session.Client.DescribeJobSlaAsync(
            job, window is { } length ? Units.FormatDuration(length) : null, cancellationToken);
        if (answer.Problem is { } problem) return session.Fail(problem);
        session.Printer.One(answer.Value!, JobSlaText.Listing, view => JobSlaText.Describe(session, view));
        return ExitCode.Ok;
    }

    private static Verb CreateRestart(Shell shell)
    {
        var (job, instances, operation) = (Arguments.Job(), Arguments.Instances(), Arguments.Operation());
        return new Verb(
            shell, "restart", "Restart a job's tasks", "job restart shop/prod/web", "job restart shop/prod/web --instances 0,2-3")
            .With(job, instances, operation).Runs((session, cancellationToken) => Change.RunAsync(
                session, session.Value(operation),
                key => session.Client.RestartJobAsync(session.Value(job), session.Value(instances), key, cancellationToken)));
    }

    private static Verb CreateStop(Shell shell)
    {
        var (job, instances, operation) = (Arguments.Job(), Arguments.Instances(), Arguments.Operation());
        var wait = new Option<bool>("--wait") { Description = "Wait until every task has ended" };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        return new Verb(shell, "stop", "Stop a job for good, or some of its instances", "job stop shop/prod/web --wait")
            .With(job, instances, wait, timeout, operation).Runs(async (session, cancellationToken) =>
            {
                var code = await Change.RunAsync(
                    session, session.Value(operation),
                    key => session.Client.StopJobAsync(session.Value(job), session.Value(instances), key, cancellationToken));
                if (code != ExitCode.Ok || !session.Value(wait)) return code;
                return await JobWatch.WaitAsync(session, [JobGoal.Stopped(session.Value(job))], session.Value(timeout), cancellationToken);
            });
    }

    private static Verb CreateScale(Shell shell)
    {
        var (job, operation) = (Arguments.Job(), Arguments.Operation());
        var count = new Argument<int>("instances") { Description = "How many instances from now on" };
        return new Verb(shell, "scale", "Change how many instances a job has", "job scale shop/prod/web 5")
            .With(job, count, operation).Runs((session, cancellationToken) => Change.RunAsync(
                session, session.Value(operation),
                key => session.Client.ScaleJobAsync(session.Value(job), session.Value(count), key, cancellationToken)));
    }
}
