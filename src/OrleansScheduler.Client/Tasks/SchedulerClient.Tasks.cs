using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansScheduler.Client;

/// <content>Questions and commands about single tasks, and their output.</content>
public sealed partial class SchedulerClient
{
    private const int FollowBufferBytes = 16 * 1024;

    /// <summary>One page of the tasks that <paramref name="filter"/> lets through.</summary>
    /// <param name="filter">Which tasks.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<TaskView>>> ListTasksAsync(
        TaskFilter filter, int? limit = null, string? page = null, CancellationToken cancellationToken = default) =>
        ReadAsync<Page<TaskView>>(
            Query.Path(
                "v1/tasks", ("role", filter.Role), ("env", filter.Environment), ("job", filter.Job), ("status", filter.Status?.ToName()),
                ("node", filter.Node), ("limit", limit), ("page", page)),
            cancellationToken);

    /// <summary>One task with its history.</summary>
    public Task<Answer<TaskView>> DescribeTaskAsync(TaskKey task, CancellationToken cancellationToken = default) =>
        ReadAsync<TaskView>($"v1/tasks/{task}", cancellationToken);

    /// <summary>Ends a task for good.</summary>
    public Task<Answer<CommandReceipt>> KillTaskAsync(
        TaskKey task, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/tasks/{task}/kill", body: null, operationId, cancellationToken);

    /// <summary>Ends a task and starts it anew.</summary>
    public Task<Answer<CommandReceipt>> RestartTaskAsync(
        TaskKey task, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/tasks/{task}/restart", body: null, operationId, cancellationToken);

    /// <summary>Moves a task to another status against what the cell believes; one that does not follow changes nothing.</summary>
    public Task<Answer<CommandReceipt>> ForceTaskAsync(
        TaskKey task, ScheduleStatus status, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/tasks/{task}/force", new ForceBody(status.ToName()), operationId, cancellationToken);

    /// <summary>What a task has written so far, or a part of it; continue at the end of what came while there is more.</summary>
    public Task<Answer<LogChunk>> ReadLogAsync(TaskKey task, LogRequest request, CancellationToken cancellationToken = default) =>
        _transport.SendAsync(
            LogQuery(task, request, follow: false),
            async (response, token) => new LogChunk(
                (int)NumberIn(response, "X-Log-Attempt", request.Attempt ?? 0),
                NumberIn(response, "X-Log-Offset", Math.Max(0, request.Offset)),
                ImmutableCollectionsMarshal.AsImmutableArray(await response.Content.ReadAsByteArrayAsync(token)),
                response.Headers.TryGetValues("X-Log-Ended", out var ended)
                    && string.Equals(ended.First(), "true", StringComparison.OrdinalIgnoreCase)),
            cancellationToken);

    /// <summary>What a task writes, as it comes, until the attempt ends. A broken connection is taken up again where it broke.</summary>
    /// <returns>The pieces in order; a problem, if there is one, is the last item.</returns>
    public async IAsyncEnumerable<Answer<LogChunk>> FollowLogAsync(
        TaskKey task, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var resume = new StreamResume(_transport);
        var buffer = new byte[FollowBufferBytes];
        while (true)
        {
            var (response, problem) = await resume.OpenAsync(LogQuery(task, request, follow: true), cancellationToken);
            if (problem is not null) yield return problem;
            if (response is null) yield break;
            using (response)
            {
                var attempt = (int)NumberIn(response, "X-Log-Attempt", request.Attempt ?? 0);
                var offset = NumberIn(response, "X-Log-Offset", Math.Max(0, request.Offset));
                while (await resume.ReadAsync(response, buffer, cancellationToken) is { } count)
                {
                    if (count == 0) yield break;
                    yield return new LogChunk(attempt, offset, [.. buffer.AsSpan(0, count)], Ended: false);
                    offset += count;
                }

                request = request with { Attempt = attempt, Offset = offset };
            }
        }
    }

    private sealed record ForceBody(string Status);

    private static GatewayRequest LogQuery(TaskKey task, LogRequest request, bool follow) =>
        new(HttpMethod.Get, Query.Path(
            $"v1/tasks/{task}/logs", ("stream", request.Stream), ("process", request.Process), ("attempt", request.Attempt),
            ("offset", request.Offset), ("limit", request.Limit), ("follow", follow ? "true" : null)))
        {
            Accept = "text/plain",
        };

    private static long NumberIn(HttpResponseMessage response, string header, long otherwise) =>
        response.Headers.TryGetValues(header, out var values)
        && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
