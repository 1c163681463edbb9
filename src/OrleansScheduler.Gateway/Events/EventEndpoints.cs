namespace OrleansScheduler.Gateway;

/// <summary>The route about events: a page of them, or all of them as they happen.</summary>
internal static class EventEndpoints
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/events", Read).WithTags("Events").WithName("ReadEvents").DisableRequestTimeout()
            .AdmittedAs(RequestClass.Stream)
            .WithMetadata(
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(EventPage), ["application/json", "text/event-stream"]))
            .WithProblems(400, 410)
            .WithSummary(
                "Events of the cell behind a cursor: one page, or server-sent events with Accept: text/event-stream or ?watch. "
                + "Last-Event-ID resumes.");

    private static async Task<IResult> Read(
        HttpContext context, EventFeed feed, string? after, string? limit, string? wait, string? watch, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var watching = read.Flag("watch", watch) || Accepts(context.Request, "text/event-stream");
        var (count, patience) = (read.Integer("limit", limit, 1, EventFeed.PageSize, 100), read.Duration("wait", wait, LongestWait));
        if (read.Refusal is { } refusal) return refusal;

        if (context.Request.Headers.TryGetValue("Last-Event-ID", out var last) && last.Count == 1) after = last.ToString();
        var answer = await feed.Read(after, watching ? EventFeed.PageSize : count, watching ? TimeSpan.Zero : patience, cancellationToken);
        if (answer.Problem is { } problem) return new ProblemResult(problem);
        return watching ? new EventStream(feed, answer.Value!) : TypedResults.Ok(answer.Value!);
    }

    internal static bool Accepts(HttpRequest request, string mediaType) =>
        request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase));
}
