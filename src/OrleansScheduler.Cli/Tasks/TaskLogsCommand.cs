using System.CommandLine;
using System.Runtime.CompilerServices;

namespace OrleansScheduler.Cli;

/// <summary><c>osched task logs</c>: what a task wrote, byte for byte.</summary>
internal static class TaskLogsCommand
{
    /// <summary>How far back the first look for the last lines goes; each further look goes four times as far.</summary>
    private const long FirstTailBytes = 16 * 1024;

    /// <summary>Lines further back than this are not looked for.</summary>
    private const long MaxTailBytes = 16 * 1024 * 1024;

    public static Verb Create(Shell shell)
    {
        var task = Arguments.Task();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on printing what is written until the attempt ends" };
        var stderr = new Option<bool>("--stderr") { Description = "Standard error instead of standard output" };
        var process = new Option<string?>("--process") { Description = "Which process, of a task that has several", HelpName = "name" };
        var attempt = new Option<int?>("--attempt") { Description = "Which attempt; the latest when it is not given", HelpName = "n" };
        var tail = new Option<int?>("--tail") { Description = "Only the last lines", HelpName = "n" };
        tail.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 0) result.AddError("--tail: expected a whole number of at least 0");
        });
        return new Verb(
            shell, "logs", "Print what a task wrote",
            "task logs shop/prod/web/0", "task logs shop/prod/web/0 -f --tail 20", "task logs shop/prod/web/0 --stderr --attempt 2")
            .With(task, follow, stderr, process, attempt, tail).Runs(async (session, cancellationToken) =>
            {
                var request = new LogRequest
                {
                    Stream = session.Value(stderr) ? "stderr" : "stdout",
                    Process = session.Value(process),
                    Attempt = session.Value(attempt),
                };
                if (session.Value(tail) is { } lines)
                {
                    var start = await FindTailAsync(session, session.Value(task), request, lines, cancellationToken);
                    if (start.Problem is { } problem) return session.Fail(problem);
                    request = start.Value!;
                }

                var pieces = session.Value(follow)
                    ? session.Client.FollowLogAsync(session.Value(task), request, cancellationToken)
                    : ReadToEndAsync(session, session.Value(task), request, cancellationToken);
                return await CopyAsync(session, pieces, cancellationToken);
            });
    }

    private static async Task<int> CopyAsync(
        Session session, IAsyncEnumerable<Answer<LogChunk>> pieces, CancellationToken cancellationToken)
    {
        await foreach (var piece in pieces)
        {
            if (piece.Problem is { } problem) return session.Fail(problem);
            await session.Terminal.OutputBytes.WriteAsync(piece.Value!.Data.AsMemory(), cancellationToken);
            await session.Terminal.OutputBytes.FlushAsync(cancellationToken);
        }

        return ExitCode.Ok;
    }

    private static async IAsyncEnumerable<Answer<LogChunk>> ReadToEndAsync(
        Session session, TaskKey task, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await session.Client.ReadLogAsync(task, request, cancellationToken);
            yield return answer;
            if (answer.Value is not { Data.Length: > 0, Ended: false } chunk) yield break;
            request = request with { Attempt = chunk.Attempt, Offset = chunk.Offset + chunk.Data.Length };
        }
    }

    /// <summary>Where the last <paramref name="lines"/> lines start.</summary>
    private static async Task<Answer<LogRequest>> FindTailAsync(
        Session session, TaskKey task, LogRequest request, int lines, CancellationToken cancellationToken)
    {
        for (var back = FirstTailBytes; ; back *= 4)
        {
            long first = -1;
            var (attempt, starts, length) = (request.Attempt, new Queue<long>(), 0L);
            await foreach (var piece in ReadToEndAsync(session, task, request with { Offset = -back }, cancellationToken))
            {
                if (piece.Problem is { } problem) return problem;
                var chunk = piece.Value!;
                if (first < 0) (first, attempt) = (chunk.Offset, chunk.Attempt);
                for (var i = 0; i < chunk.Data.Length; i++)
                {
                    if (chunk.Data[i] != '\n') continue;
                    starts.Enqueue(chunk.Offset + i + 1);
                    if (starts.Count > lines + 1) starts.Dequeue();
                }

                length = chunk.Offset + chunk.Data.Length;
            }

            // What follows the last line end is a line too, unless there is nothing.
            var wanted = starts.Count > 0 && starts.Last() == length ? lines + 1 : lines;
            var found = wanted > 0 && starts.Count >= wanted;
            if (found) return request with { Attempt = attempt, Offset = starts.ElementAt(starts.Count - wanted) };
            if (lines == 0) return request with { Attempt = attempt, Offset = length };
            if (first <= 0 || back >= MaxTailBytes) return request with { Attempt = attempt, Offset = Math.Max(0, first) };
        }
    }
}
