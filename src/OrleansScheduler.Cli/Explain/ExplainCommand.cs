namespace OrleansScheduler.Cli;

/// <summary><c>osched explain</c>: why a job waits.</summary>
internal static class ExplainCommand
{
    private static readonly Listing<ExplainView> Views = new(
        view => view.Key.ToString(), new Column<ExplainView>("JOB", view => view.Key.ToString()));

    public static Verb Create(Shell shell)
    {
        var job = Arguments.Job();
        return new Verb(shell, "explain", "Say why instances of a job wait", "explain shop/prod/web")
            .With(job).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.ExplainJobAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, Views, view => Describe(session, view));
                return ExitCode.Ok;
            });
    }

    private static void Describe(Session session, ExplainView view)
    {
        session.Printer.Text(view.Summary);
        foreach (var group in view.Groups)
        {
            session.Printer.Text("");
            WaitingGroup.Describe(session, group);
        }
    }
}
