using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched events</c>: what happens in the cell.</summary>
internal static class EventsCommand
{
    /// <summary>Widths of the columns, so that lines that come one by one stand below each other.</summary>
    private static readonly int[] Widths = [12, 6, 28, 12, 12];

    private static readonly Listing<EventView> Events = new(
        @event => @event.Cursor,
        new("TIME", @event => new(@event.At.UtcDateTime.ToString("HH:mm:ss.fff"), Tone.Faint)),
        new("KIND", @event => @event.Kind),
        new("SUBJECT", @event => SubjectOf(@event)),
        new("STATUS", @event => StatusOf(@event)),
        new("NODE", @event => @event.Kind == "node" ? "" : @event.Node),
        new("MESSAGE", @event => @event.Message),
        new("CURSOR", @event => @event.Cursor, WideOnly: true));

    public static Verb Create(Shell shell)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens from now on" };
        var after = new Option<string?>("--after")
        {
            Description = "Continue behind this cursor (-o wide shows them)",
            HelpName = "cursor",
        };
        var job = new Option<string?>("--job") { Description = "Only events of this job, as role/env/name" };
        var limit = Arguments.Limit();
        return new Verb(shell, "events", "List what happened in the cell", "events", "events -f", "events -f --job shop/prod/web -o json")
            .With(follow, after, job, limit).Runs(async (session, cancellationToken) =>
            {
                JobKey? key = null;
                if (session.Value(job) is { } text)
                {
                    if (!JobKey.TryParse(text, out var parsed)) return session.Refuse($"'{text}': expected a job as role/env/name");
                    key = parsed;
                }

                var wanted = (EventView @event) => key is null || @event.Job == key;
                return session.Value(follow)
                    ? await FollowAsync(session, session.Value(after), wanted, cancellationToken)
                    : await ListAsync(session, session.Value(after), session.Value(limit), wanted, cancellationToken);
            });
    }

    private static async Task<int> FollowAsync(
        Session session, string? after, Func<EventView, bool> wanted, CancellationToken cancellationToken)
    {
        await foreach (var answer in session.Client.WatchEventsAsync(after, cancellationToken))
        {
            if (answer.Problem is { } problem) return session.Fail(problem);
            if (wanted(answer.Value!)) session.Printer.Streamed(answer.Value!, Events, Widths);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ListAsync(
        Session session, string? after, int limit, Func<EventView, bool> wanted, CancellationToken cancellationToken)
    {
        var events = new List<EventView>();
        while (events.Count < limit)
        {
            var answer = await session.Client.ListEventsAsync(after, cancellationToken: cancellationToken);
            if (answer.Problem is { } problem) return session.Fail(problem);
            if (answer.Value!.Events.IsEmpty) break;
            events.AddRange(answer.Value.Events.Where(wanted));
            after = answer.Value.Cursor;
        }

        session.Printer.List([.. events.Take(limit)], Events);
        return ExitCode.Ok;
    }

    private static string SubjectOf(EventView @event)
    {
        if (@event.Job is not { } job) return @event.Node ?? "";
        if (@event.Instance is not { } instance) return job.ToString();
        return @event.Attempt is { } attempt ? $"{job}/{instance}#{attempt}" : $"{job}/{instance}";
    }

    private static Field StatusOf(EventView @event) =>
        Enum.TryParse<ScheduleStatus>(@event.Status, ignoreCase: true, out var status) ? Words.Of(status)
        : @event.Kind == "node" ? Words.OfNode(@event.Status)
        : @event.Status;
}
