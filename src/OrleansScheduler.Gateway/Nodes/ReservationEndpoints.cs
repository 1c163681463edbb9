using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes that set something of a node aside for a role, and give it back.</summary>
internal static class ReservationEndpoints
{
    public static void MapReservations(this IEndpointRouteBuilder nodes)
    {
        nodes.MapPost("/{id}/reservations", Reserve).WithName("ReserveOnNode").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Sets something of a node aside for a role and those below it.");
        nodes.MapDelete("/{id}/reservations", Release).WithName("ReleaseOnNode").WithProblems(400, 404, 409, 422)
            .WithSummary("Gives something back that was set aside; what tasks hold of it stays theirs.");
    }

    private static async Task<Results<Ok<NodeView>, ProblemResult>> Reserve(
        HttpContext context, IGrainFactory grains, string id, ReservationBody body, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (operation, node) = (read.OperationId(), read.Part("id", id));
        if (read.Refusal is { } refusal) return refusal;

        var findings = new BodyFindings();
        var role = findings.Role(body.Role, "role");
        var amount = body.Amount ?? new();
        amount.CheckSome(findings, "amount");
        if (findings.ToProblem("invalid-reservation") is { } problem) return new ProblemResult(problem);
        return await Command(grains, new(operation, node, role, amount.ToResources(), false, Caller.Of(context)), cancellationToken);
    }

    // What is given back stands in the query: a body of DELETE may get lost on the way.
    private static async Task<Results<Ok<NodeView>, ProblemResult>> Release(
        HttpContext context, IGrainFactory grains, string id, string? role, string? cpuMillis, string? memoryMiB, string? diskMiB,
        string? gpuMillis, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (operation, node, path) = (read.OperationId(), read.Part("id", id), read.Role("role", role));
        var amount = new Resources(
            Amount("cpuMillis", cpuMillis), Amount("memoryMiB", memoryMiB), Amount("diskMiB", diskMiB), Amount("gpuMillis", gpuMillis));
        if (read.Refusal is { } refusal) return refusal;
        if (amount == Resources.None)
            return new ProblemResult(Problem.Of(ProblemKind.Invalid, "required", "Name an amount above zero, such as cpuMillis=2000."));
        return await Command(grains, new(operation, node, path, amount, Release: true, Caller.Of(context)), cancellationToken);

        long Amount(string parameter, string? text) => read.Integer(parameter, text, 0, BodyFindings.MaxAmount, 0);
    }

    private static async Task<Results<Ok<NodeView>, ProblemResult>> Command(
        IGrainFactory grains, ReserveCommand command, CancellationToken cancellationToken) =>
        (await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Reserve(command, cancellationToken)).ToResult();
}

/// <summary>What is set aside, and for whom.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ReservationBody
{
    /// <summary>The role; it and those below it get what is set aside.</summary>
    public required string? Role { get; init; }

    /// <summary>How much, on top of what is set aside already.</summary>
    public required AmountsBody? Amount { get; init; }
}
