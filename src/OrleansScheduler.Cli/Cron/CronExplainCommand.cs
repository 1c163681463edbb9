using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched cron explain</c>: what a schedule means, without asking a cell.</summary>
internal static class CronExplainCommand
{
    private static readonly Listing<CronExplanation> Explanations = new(explanation => explanation.Expression);

    public static Verb Create(Shell shell)
    {
        var expression = new Argument<string>("expression")
        {
            Description = "The schedule in quotes: minute, hour, day of month, month, day of week; seconds may stand first",
        };
        var zone = new Option<string>("--timezone", "--tz")
        {
            Description = "Its time zone, such as Europe/Berlin",
            HelpName = "zone",
            DefaultValueFactory = _ => "UTC",
        };
        var count = Arguments.Positive("--count", "How many of the next runs to show", CronExplanation.DefaultCount);
        var from = new Option<DateTimeOffset?>("--from")
        {
            Description = "Show the runs behind this time; now when not given",
            HelpName = "time",
            CustomParser = result =>
            {
                if (MomentText.TryRead(result.Tokens[0].Value, out var moment)) return moment;
                result.AddError($"--from: '{result.Tokens[0].Value}': expected {MomentText.Rule}");
                return null;
            },
        };
        return new Verb(
            shell, "explain", "Say what a schedule means and when it fires next; works without a cell",
            "cron explain \"*/5 8-17 * * MON-FRI\"", "cron explain \"30 2 * * *\" --timezone Europe/Berlin --from 2026-03-28")
            .With(expression, zone, count, from).Runs((session, _) =>
            {
                if (session.Value(count) > CronExplanation.MaxCount)
                    return Task.FromResult(session.Refuse($"--count: at most {CronExplanation.MaxCount}"));
                var answer = CronExplanation.Of(
                    session.Value(expression), session.Value(zone), session.Value(from) ?? session.Now, session.Value(count));
                if (answer.Problem is { } problem) return Task.FromResult(session.Fail(problem with { Errors = [] }));
                session.Printer.One(answer.Value!, Explanations, explanation => Describe(session, explanation));
                return Task.FromResult(ExitCode.Ok);
            });
    }

    private static void Describe(Session session, CronExplanation explanation)
    {
        session.Printer.Table(explanation.Fields, new Listing<CronFieldView>(
            field => field.Name,
            new("FIELD", field => field.Name),
            new("IS", field => field.Text),
            new("MEANS", field => field.Meaning)));
        session.Printer.Text("");
        session.Printer.Table(explanation.Runs, new Listing<DateTimeOffset>(
            run => run.ToString("O"),
            new("NEXT", run => CronListing.Time(run)),
            new("DAY", run => run.DayOfWeek.ToString()[..3]),
            new("UTC", run => run.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss"))));
    }
}
