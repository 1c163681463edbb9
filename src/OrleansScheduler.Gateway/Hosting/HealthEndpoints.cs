namespace OrleansScheduler.Gateway;

/// <summary>What orchestrators ask: does the process live, can it serve.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/healthz").WithTags("Health").WithMetadata(NeedsNoCell.Mark);
        health.MapGet("/live", () => TypedResults.Text("live\n")).WithName("Live").WithSummary("The process answers.");
        health.MapGet("/startup", Startup).WithName("Startup").WithMetadata(
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]))
            .WithProblems().WithSummary("The gateway has reached the cell once.");
        health.MapGet("/ready", Ready).WithName("Ready").WithMetadata(
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]))
            .WithProblems().WithSummary("The cell can be reached through this gateway.");
    }

    private static IResult Startup(IHostApplicationLifetime lifetime) =>
        lifetime.ApplicationStarted.IsCancellationRequested
            ? TypedResults.Text("started\n")
            : NotReady("The gateway has not reached the cell yet.");

    private static async Task<IResult> Ready(
        IGrainFactory grains, TimeProvider time, IHostApplicationLifetime lifetime, Drain drain, CancellationToken cancellationToken)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return NotReady("The gateway has not reached the cell yet.");
        if (drain.HasBegun) return NotReady("The gateway is stopping.");
        try
        {
            await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Wake(cancellationToken)
                .WaitAsync(Patience, time, cancellationToken);
            return TypedResults.Text("ready\n");
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested && Failures.OfGrainCall(exception, HttpMethods.Get) is not null)
        {
            return NotReady("The cell cannot be reached just now.");
        }
    }

    private static ProblemResult NotReady(string message) => new(Problem.Of(ProblemKind.Unavailable, "not-ready", message));
}
