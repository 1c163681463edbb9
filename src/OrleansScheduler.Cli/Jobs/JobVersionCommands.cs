using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job history</c> and <c>osched job rollback</c>: the versions that a job had.</summary>
internal static class JobVersionCommands
{
    private static readonly Listing<SubmitReceipt> Receipts = new(
        receipt => receipt.Key.ToString(),
        new("JOB", receipt => receipt.Key.ToString()),
        new("VERSION", receipt => $"{receipt.Version}"),
        new("OUTCOME", receipt => receipt.Outcome));

    public static Verb CreateHistory(Shell shell)
    {
        var job = Arguments.Job();
        return new Verb(
            shell, "history", "List the versions that a job had, newest first", "job history shop/prod/web",
            "job history shop/prod/web -o yaml")
            .With(job).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.ListVersionsAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.List(answer.Value!.Items, Versions(session, answer.Value.Items));
                return ExitCode.Ok;
            });
    }

    public static Verb CreateRollback(Shell shell)
    {
        var (job, operation) = (Arguments.Job(), Arguments.Operation());
        var to = new Option<int>("--to") { Description = "Version to go back to; job history lists them", HelpName = "n", Required = true };
        var expected = new Option<int?>("--if-version") { Description = "Only when the job has this version now", HelpName = "n" };
        var wait = new Option<bool>("--wait", "-w") { Description = "Wait until the job is that again; exit 1 when it fails" };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        return new Verb(
            shell, "rollback", "Move a job to the spec that an earlier version had", "job rollback shop/prod/web --to 3 --wait")
            .With(job, to, expected, wait, timeout, operation).Runs(async (session, cancellationToken) =>
            {
                var answer = await Change.SendAsync(
                    session, session.Value(operation),
                    key => session.Client.RollbackJobAsync(
                        session.Value(job), session.Value(to), key, session.Value(expected), cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.List([answer.Value!], Receipts);
                if (!session.Value(wait)) return ExitCode.Ok;
                return await JobWatch.WaitAsync(
                    session, [JobGoal.Submitted(answer.Value!)], session.Value(timeout), cancellationToken);
            });
    }

    private static Listing<VersionView> Versions(Session session, ImmutableArray<VersionView> all) => new(
        version => $"{version.Version}",
        new("VERSION", version => new($"{version.Version}{(version.IsCurrent ? " *" : "")}", version.IsCurrent ? Tone.Good : Tone.Plain)),
        new("ACCEPTED", version => $"{session.Age(version.AcceptedAt)} ago"),
        new("BY", version => version.Actor),
        new("RUNNING", version => version.Instances.ToString()),
        new("CHANGES", version => Changes(version, all)));

    /// <summary>The fields that differ from the version before.</summary>
    private static string Changes(VersionView version, ImmutableArray<VersionView> all)
    {
        const int Shown = 4;
        if (all.FirstOrDefault(other => other.Version < version.Version) is not { } before) return "";
        var paths = JobDiff.Between(before.Spec, version.Spec).Select(change => change.Path).ToList();
        var more = paths.Count > Shown ? $" and {paths.Count - Shown} more" : "";
        return string.Join(", ", paths.Take(Shown)) + more;
    }
}
