using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job run</c>: submits a job file, and waits for what it asks for.</summary>
internal static class JobRunCommand
{
    private static readonly Listing<SubmitReceipt> Receipts = new(
        receipt => receipt.Key.ToString(),
        new("JOB", receipt => receipt.Key.ToString()),
        new("VERSION", receipt => $"{receipt.Version}"),
        new("OUTCOME", receipt => new(receipt.Outcome, receipt.Outcome == "unchanged" ? Tone.Faint : Tone.Good)));

    public static Verb Create(Shell shell)
    {
        var file = new Argument<string>("file") { Description = "Job file, YAML or JSON; - reads standard input" };
        var set = Arguments.Set();
        var wait = new Option<bool>("--wait", "-w")
        {
            Description = "Wait until services run and batch jobs have finished; exit 1 when they fail",
        };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        var expected = new Option<int?>("--if-version") { Description = "Only when the job has this version now", HelpName = "n" };
        var operation = Arguments.Operation();
        var verb = new Verb(
            shell, "run", "Submit a job file: new jobs start, jobs that exist move to the new version",
            "job run web.yaml", "job run web.yaml --wait --timeout 5m", "job run web.yaml --set tag=1.4", "generate-job | osched job run -")
        { Aliases = { "apply" } };
        return verb.With(file, set, wait, timeout, expected, operation).Runs(async (session, cancellationToken) =>
        {
            var name = JobFileSource.NameOf(session.Value(file));
            var body = await JobFileSource.ReadAsync(session.Value(file), session.Value(set), session.Terminal, cancellationToken);
            if (body.Problem is { } unreadable) return session.Fail(unreadable, name);
            var answer = await Change.SendAsync(
                session, session.Value(operation),
                key => session.Client.SubmitJobsAsync(body.Value!, key, session.Value(expected), cancellationToken));
            if (answer.Problem is { } problem) return session.Fail(problem, name);
            session.Printer.List(answer.Value!.Jobs, Receipts);
            if (!session.Value(wait)) return ExitCode.Ok;
            return await JobWatch.WaitAsync(
                session, [.. answer.Value.Jobs.Select(JobGoal.Submitted)], session.Value(timeout), cancellationToken);
        });
    }
}
