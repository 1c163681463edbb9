using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched node drain</c>, <c>schedule</c> and <c>undrain</c>: maintenance of nodes.</summary>
internal static class NodeDrainCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>More instances than this are not shown.</summary>
    private const int HeldShown = 20;

    private static readonly Listing<HeldInstance> Held = new(
        held => $"{held.Job}/{held.Instance}",
        new("TASK", held => $"{held.Job}/{held.Instance}"),
        new("UNTIL", held => held.Until is { } until ? $"{until.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z" : ""),
        new("REASON", held => held.Reason));

    private static readonly Listing<DrainView> Drains = new(drain => drain.Node);

    public static Verb CreateDrain(Shell shell)
    {
        var (node, operation, terms) = (Arguments.Node(), Arguments.Operation(), new DrainTerms());
        var wait = new Option<bool>("--wait") { Description = "Wait until nothing is left on the node" };
        var explain = new Option<bool>("--explain") { Description = "Change nothing: show who holds it up, why and until when" };
        var timeout = Arguments.Duration("--timeout", "Longest time to wait, such as 5m; then exit 124");
        return new Verb(
            shell, "drain", "Move every task away from a node and give it no new ones: at once, or as SLAs allow",
            "node drain node-7", "node drain node-7 --percentage 95 --duration 30m --deadline 1h --wait", "node drain node-7 --explain")
            .With(node, terms.Percentage, terms.Count, terms.Duration, terms.Deadline, terms.Force, wait, timeout, explain, operation)
            .Runs(async (session, cancellationToken) =>
            {
                var id = session.Value(node);
                if (session.Value(explain)) return await ExplainAsync(session, id, cancellationToken);
                if (terms.Refusal(session) is { } refusal) return session.Refuse(refusal);
                var request = terms.Fill(session, new DrainRequest());
                var answer = await Change.SendAsync(session, session.Value(operation), key => terms.IsPlain(session)
                    ? session.Client.DrainNodeAsync(id, key, cancellationToken)
                    : session.Client.DrainNodeAsync(id, request, key, cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                Show(session, answer.Value!);
                return session.Value(wait) ? await WaitAsync(session, id, session.Value(timeout), cancellationToken) : ExitCode.Ok;
            });
    }

    public static Verb CreateSchedule(Shell shell)
    {
        var (node, operation, terms) = (Arguments.Node(), Arguments.Operation(), new DrainTerms());
        var from = Arguments.Time("--from", "When it begins to drain: a time such as 2026-12-01T22:00Z, or 2h from now");
        var until = Arguments.Time("--until", "When it is back in service by itself, likewise");
        return new Verb(
            shell, "schedule", "Announce maintenance of a node, which begins and ends by itself",
            "node schedule node-7 --from 2026-12-01T22:00Z --until 2026-12-02T02:00Z",
            "node schedule node-7 --from 1h --until 3h --count 2")
            .With(node, from, until, terms.Percentage, terms.Count, terms.Duration, terms.Deadline, terms.Force, operation)
            .Runs(async (session, cancellationToken) =>
            {
                if (terms.Refusal(session) is { } refusal) return session.Refuse(refusal);
                var request = terms.Fill(session, new ScheduleRequest
                {
                    From = session.Value(from)?.At(session.Now),
                    Until = session.Value(until)?.At(session.Now),
                });
                var answer = await Change.SendAsync(session, session.Value(operation), key =>
                    session.Client.ScheduleNodeAsync(session.Value(node), request, key, cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                Show(session, answer.Value!);
                return ExitCode.Ok;
            });
    }

    public static Verb CreateUndrain(Shell shell)
    {
        var (node, operation) = (Arguments.Node(), Arguments.Operation());
        return new Verb(shell, "undrain", "Put a node back into service, or call planned maintenance off", "node undrain node-7")
            .With(node, operation).Runs(async (session, cancellationToken) =>
            {
                var answer = await Change.SendAsync(session, session.Value(operation), key =>
                    session.Client.UndrainNodeAsync(session.Value(node), key, cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                Show(session, answer.Value!);
                return ExitCode.Ok;
            });
    }

    private static void Show(Session session, NodeView node) => session.Printer.One(
        node, NodeListing.Nodes,
        view => session.Printer.Text($"Node {view.Description.Id} is {view.Status} and has {Words.Count(view.Tasks, "task")}."));

    private static async Task<int> ExplainAsync(Session session, string node, CancellationToken cancellationToken)
    {
        var answer = await session.Client.DescribeDrainAsync(node, cancellationToken);
        if (answer.Problem is { } problem) return session.Fail(problem);
        session.Printer.One(answer.Value!, Drains, drain =>
        {
            session.Printer.Facts(
                ("Node", drain.Node),
                ("Maintenance", drain.Mode.ToString().ToLowerInvariant()),
                ("Default SLA", drain.DefaultSla ?? ""),
                ("From", TimeOf(drain.From)),
                ("Until", TimeOf(drain.Until)),
                ("Forced at", drain.Force ? "now" : TimeOf(drain.Deadline)),
                ("Tasks", $"{drain.Tasks}, of which {drain.Leaving} are being stopped and {drain.Held.Length} held back"));
            if (drain.Held.IsEmpty) return;
            session.Printer.Text("");
            session.Printer.Table([.. drain.Held.Take(HeldShown)], Held);
            if (drain.Held.Length > HeldShown) session.Printer.Text(new($"… and {drain.Held.Length - HeldShown} more", Tone.Faint));
        });
        return ExitCode.Ok;
    }

    private static async Task<int> WaitAsync(Session session, string node, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var (start, said) = (session.Terminal.Time.GetTimestamp(), "");
        while (true)
        {
            var answer = await session.Client.DescribeDrainAsync(node, cancellationToken);
            if (answer.Problem is { } problem) return session.Fail(problem);
            var drain = answer.Value!;
            if (drain.Mode == MaintenanceMode.Drained) return ExitCode.Ok;
            if (drain.Mode != MaintenanceMode.Draining)
            {
                session.Say($"osched: node {node} is not drained any more");
                return ExitCode.Failed;
            }

            var word = drain.Held is [var first, ..]
                ? $"{Words.Count(drain.Held.Length, "task")} held back, first {first.Job}/{first.Instance}: {first.Reason}"
                : $"{Words.Count(drain.Tasks, "task")} left";
            if (word != said) session.Say(said = word);
            if (session.Terminal.Time.GetElapsedTime(start) >= timeout)
            {
                session.Say($"osched: after {Words.Of(timeout.Value)} node {node} still has {Words.Count(drain.Tasks, "task")}");
                return ExitCode.TimedOut;
            }

            await Task.Delay(Interval, session.Terminal.Time, cancellationToken);
        }
    }

    private static string TimeOf(DateTimeOffset? time) => time is { } at ? $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z" : "";
}
