using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The route that says what would happen.</summary>
internal static class WhatIfEndpoints
{
    public static void MapWhatIf(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/what-if", Ask).WithTags("Explain").WithName("AskWhatIf").WithProblems(400, 404, 413, 415, 422)
            .WithSummary("What would become of the cell with more nodes, fewer nodes, other quotas, or other jobs; changes nothing.");

    private static async Task<Results<Ok<WhatIfView>, ProblemResult>> Ask(
        IGrainFactory grains, WhatIfBody body, CancellationToken cancellationToken)
    {
        var question = body.ToQuestion();
        if (question.Problem is { } problem) return new ProblemResult(problem);
        return (await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).WhatIf(question.Value!, cancellationToken)).ToResult();
    }
}
