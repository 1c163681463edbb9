using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about quotas and weights of roles.</summary>
internal static class QuotaEndpoints
{
    public static void MapQuotas(this IEndpointRouteBuilder routes)
    {
        var quotas = routes.MapGroup("/v1/quotas").WithTags("Quotas");
        quotas.MapGet("/", List).WithName("ListQuotas").WithProblems(400)
            .WithSummary("Lists roles in the order of their paths, with quota, weight and what they have.");
        quotas.MapGet("/{**role}", Describe).WithName("DescribeQuota").WithProblems(400, 404).WithSummary("One role.");
        quotas.MapPut("/{**role}", Set).WithName("SetQuota").WithProblems(400, 409, 415, 422)
            .WithSummary("Sets the quota of a role, its weight, or both.");
        quotas.MapDelete("/{**role}", Remove).WithName("RemoveQuota").WithProblems(400, 404, 409)
            .WithSummary("Takes the quota of a role away; its weight stays.");
    }

    private static async Task<Results<Ok<Page<RoleView>>, ProblemResult>> List(
        HttpContext context, IGrainFactory grains, string? limit, string? page, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (count, after) = (read.Integer("limit", limit, 1, 500, 500), read.Page(page, RolePath.IsValid));
        if (read.Refusal is { } refusal) return refusal;
        return TypedResults.Ok(ListPage.Of(await Ledger(grains).ListRoles(cancellationToken), role => role.Role, after, count));
    }

    private static async Task<Results<Ok<RoleView>, ProblemResult>> Describe(
        HttpContext context, IGrainFactory grains, string? role, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var path = read.Role("role", role);
        if (read.Refusal is { } refusal) return refusal;
        var roles = await Ledger(grains).ListRoles(cancellationToken);
        return roles.FirstOrDefault(view => view.Role == path).ToResult(
            () => Problem.Of(ProblemKind.NotFound, "role-not-found", $"No role {path} is known in this cell."));
    }

    private static async Task<Results<Ok<RoleView>, ProblemResult>> Set(
        HttpContext context, IGrainFactory grains, string? role, QuotaBody body, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (operation, path) = (read.OperationId(), read.Role("role", role));
        if (read.Refusal is { } refusal) return refusal;
        var command = body.ToCommand(operation, path, Caller.Of(context));
        if (command.Problem is { } problem) return new ProblemResult(problem);
        return (await Ledger(grains).SetRole(command.Value!, cancellationToken)).ToResult();
    }

    private static async Task<Results<Ok<RoleView>, ProblemResult>> Remove(
        HttpContext context, IGrainFactory grains, string? role, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (operation, path) = (read.OperationId(), read.Role("role", role));
        if (read.Refusal is { } refusal) return refusal;
        var command = new RoleCommand(
            operation, path, SetsQuota: true, Quota: null, Weight: null, Force: false, Caller.Of(context));
        return (await Ledger(grains).SetRole(command, cancellationToken)).ToResult();
    }

    private static IResourceLedgerGrain Ledger(IGrainFactory grains) =>
        grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id);
}
