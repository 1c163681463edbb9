using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job diff</c>: what differs between a job file and the cell, or between two versions of a job.</summary>
internal static class JobDiffCommand
{
    private static readonly Listing<Difference> Differences = new(
        difference => difference.Key.ToString(), new Column<Difference>("JOB", difference => difference.Key.ToString()));

    public static Verb Create(Shell shell)
    {
        var subject = new Argument<string>("subject") { Description = "Job file (- reads standard input), or a job as role/env/name" };
        var from = new Option<int?>("--from") { Description = "Older version; the one before --to when not given", HelpName = "n" };
        var to = new Option<int?>("--to") { Description = "Newer version; the job's own when not given", HelpName = "n" };
        var set = Arguments.Set();
        return new Verb(
            shell, "diff", "Show what differs between a job file and the cell, or between two versions. Exit 0: nothing, 1: something",
            "job diff web.yaml", "job diff shop/prod/web", "job diff shop/prod/web --from 3 --to 5 -o json")
            .With(subject, from, to, set).Runs(async (session, cancellationToken) =>
            {
                var text = session.Value(subject);
                if (!File.Exists(text) && JobKey.TryParse(text, out var job))
                    return Show(session, await OfVersions(session, job, session.Value(from), session.Value(to), cancellationToken));
                if (session.Value(from) is not null || session.Value(to) is not null)
                    return session.Refuse("--from and --to name versions of a job: give role/env/name instead of a file.");
                return Show(session, await OfFile(session, text, session.Value(set), cancellationToken), JobFileSource.NameOf(text));
            });
    }

    private static async Task<Answer<ImmutableArray<Difference>>> OfVersions(
        Session session, JobKey job, int? from, int? to, CancellationToken cancellationToken)
    {
        var answer = await session.Client.DiffJobAsync(job, from, to, cancellationToken);
        if (answer.Problem is { } problem) return problem;
        return ImmutableArray.Create(new Difference(job, answer.Value!.From, answer.Value.To, answer.Value.Changes));
    }

    private static async Task<Answer<ImmutableArray<Difference>>> OfFile(
        Session session, string path, ImmutableArray<(string Name, string Value)> parameters, CancellationToken cancellationToken)
    {
        var body = await JobFileSource.ReadAsync(path, parameters, session.Terminal, cancellationToken);
        if (body.Problem is { } unreadable) return unreadable;
        var answer = await session.Client.PlanJobsAsync(body.Value!, cancellationToken);
        if (answer.Problem is { } problem) return problem;
        return answer.Value!.Jobs.Select(job => new Difference(job.Key, job.Version, null, job.Changes)).ToImmutableArray();
    }

    private static int Show(Session session, Answer<ImmutableArray<Difference>> answer, string? file = null)
    {
        if (answer.Problem is { } problem) return session.Fail(problem, file);
        if (session.Printer.IsForPrograms) session.Printer.List(answer.Value, Differences);
        else
        {
            foreach (var difference in answer.Value) Describe(session, difference);
        }

        return answer.Value.All(difference => difference.IsNothing) ? ExitCode.Ok : ExitCode.Changes;
    }

    private static void Describe(Session session, Difference difference)
    {
        var then = difference.To is { } to ? $"version {to}" : "the file";
        session.Printer.Text(difference switch
        {
            { From: null } => new($"{difference.Key} is new.", Tone.Good),
            { From: { } version } when version == difference.To => new(
                $"{difference.Key}: version {version} is compared with itself. Name others by --from and --to.", Tone.Faint),
            { IsNothing: true } => new($"{difference.Key}: version {difference.From} and {then} are the same.", Tone.Faint),
            _ => new($"{difference.Key}: version {difference.From} → {then}"),
        });
        foreach (var change in difference.Changes)
        {
            if (change.Before is { } before) session.Printer.Text(new Field($"- {change.Path}: {before}", Tone.Bad));
            if (change.After is { } after) session.Printer.Text(new Field($"+ {change.Path}: {after}", Tone.Good));
        }
    }

    /// <summary>What differs about one job.</summary>
    /// <param name="Key">The job.</param>
    /// <param name="From">Version that is compared; null when there is none.</param>
    /// <param name="To">Version that it is compared with; null for the file.</param>
    /// <param name="Changes">The fields that differ.</param>
    private sealed record Difference(JobKey Key, int? From, int? To, ImmutableArray<FieldChange> Changes)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public bool IsNothing => From is not null && Changes.IsEmpty;
    }
}
