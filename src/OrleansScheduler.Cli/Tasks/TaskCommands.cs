using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched task …</c>: the single instances of jobs.</summary>
internal static class TaskCommands
{
    public static Verb Create(Shell shell) => new Verb(
        shell, "task", "Look at tasks and at what they write",
        "task list --job shop/prod/web", "task status shop/prod/web/0", "task logs shop/prod/web/0 -f")
        .With(
            CreateList(shell), CreateStatus(shell), TaskLogsCommand.Create(shell), TaskFilesCommands.Create(shell),
            TaskExecCommand.Create(shell), CreateRestart(shell), CreateKill(shell), CreateForce(shell));

    private static Verb CreateList(Shell shell)
    {
        var job = new Argument<string?>("job")
        {
            Description = "Only tasks of this job, as role/env/name",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var jobOption = new Option<string?>("--job") { Description = "The same as the argument" };
        var role = new Option<string?>("--role") { Description = "Only tasks of this role" };
        var environment = new Option<string?>("--env") { Description = "Only tasks of this environment" };
        var node = new Option<string?>("--node") { Description = "Only tasks on this node" };
        var status = Arguments.Choice("--status", "Only tasks in this status; init means any", ScheduleStatus.Init);
        var limit = Arguments.Limit();
        var verb = new Verb(
            shell, "list", "List tasks", "task list shop/prod/web", "task list --status pending", "task list --node node-7 -o wide")
        {
            Aliases = { "ls" },
        };
        return verb.With(job, jobOption, role, environment, node, status, limit).Runs(async (session, cancellationToken) =>
        {
            JobKey? key = null;
            if ((session.Value(job) ?? session.Value(jobOption)) is { } text)
            {
                if (!JobKey.TryParse(text, out var parsed)) return session.Refuse($"'{text}': expected a job as role/env/name");
                key = parsed;
            }

            var filter = new TaskFilter
            {
                Job = key,
                Role = session.Value(role),
                Environment = session.Value(environment),
                Node = session.Value(node),
                Status = session.Value(status) is var wanted && wanted == ScheduleStatus.Init ? null : wanted,
            };
            return session.List(
                await Session.AllAsync(
                    page => session.Client.ListTasksAsync(filter, page: page, cancellationToken: cancellationToken), session.Value(limit)),
                TaskListing.For(session));
        });
    }

    private static Verb CreateStatus(Shell shell)
    {
        var task = Arguments.Task();
        return new Verb(shell, "status", "Show one task and its history", "task status shop/prod/web/0")
            .With(task).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.DescribeTaskAsync(session.Value(task), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, TaskListing.For(session), view => TaskListing.Describe(session, view));
                return ExitCode.Ok;
            });
    }

    private static Verb CreateRestart(Shell shell)
    {
        var (task, operation) = (Arguments.Task(), Arguments.Operation());
        return new Verb(shell, "restart", "End a task and start it anew", "task restart shop/prod/web/0")
            .With(task, operation).Runs((session, cancellationToken) => Change.RunAsync(
                session, session.Value(operation), key => session.Client.RestartTaskAsync(session.Value(task), key, cancellationToken)));
    }

    private static Verb CreateForce(Shell shell)
    {
        var (task, operation) = (Arguments.Task(), Arguments.Operation());
        var to = Arguments.Choice("--to", "What it is from now on", ScheduleStatus.Lost);
        return new Verb(
            shell, "force", "Tell the cell what a task is, against what it believes; a status that does not follow changes nothing",
            "task force shop/prod/web/0 --to lost").With(task, to, operation).Runs((session, cancellationToken) => Change.RunAsync(
                session, session.Value(operation),
                key => session.Client.ForceTaskAsync(session.Value(task), session.Value(to), key, cancellationToken)));
    }

    private static Verb CreateKill(Shell shell)
    {
        var (task, operation) = (Arguments.Task(), Arguments.Operation());
        return new Verb(shell, "kill", "End a task for good", "task kill shop/prod/web/0")
            .With(task, operation).Runs((session, cancellationToken) => Change.RunAsync(
                session, session.Value(operation), key => session.Client.KillTaskAsync(session.Value(task), key, cancellationToken)));
    }
}
