namespace OrleansScheduler.Core;

/// <summary>
/// Decides how a node goes from service into maintenance and back: NONE, SCHEDULED, DRAINING, DRAINED. Pure; modes are Aurora's.
/// </summary>
/// <remarks>
/// A SCHEDULED node takes tasks like any other. Aurora's offers of such hosts come after all others; here the order in which nodes are
/// looked at is that of how well a task fits, and a second one before it would cost every decision.
/// </remarks>
public static class MaintenanceMachine
{
    /// <summary>The longest that anything may be planned ahead or last.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>
    /// Drains the node from now on. In any mode: a later request replaces an earlier one, so that one can be made stricter or forced.
    /// </summary>
    public static NodeMaintenance Drain(MaintenanceRequest request, DateTimeOffset now) =>
        new(MaintenanceMode.Draining, request with { From = null, Until = null, DrainsSince = now });

    /// <summary>Plans a window, or announces one that begins when somebody drains the node.</summary>
    public static Answer<NodeMaintenance> Schedule(NodeMaintenance current, MaintenanceRequest request, DateTimeOffset now)
    {
        if (current.Mode is MaintenanceMode.Draining or MaintenanceMode.Drained)
        {
            return Problem.Of(ProblemKind.Conflict, "node-draining",
                "The node is draining or drained already: undrain it first, or leave it as it is.");
        }

        if (Check(request, now) is { } problem) return problem;
        var scheduled = new NodeMaintenance(MaintenanceMode.Scheduled, request with { DrainsSince = null });
        return Tick(scheduled, now);
    }

    /// <summary>What is wrong with the times of a request; null when nothing is.</summary>
    public static Problem? Check(MaintenanceRequest request, DateTimeOffset now)
    {
        if (request.DeadlineAfter is { } deadline && (deadline < TimeSpan.Zero || deadline > Longest))
            return Bad("deadline", $"The deadline must be between 0s and {Units.FormatDuration(Longest)}.");
        if (request.Until <= now) return Bad("until", "The end of the window has passed: name a later one.");
        if (request.Until <= request.From) return Bad("until", "The window ends before it begins: 'until' must be later than 'from'.");
        if (request.From - now > Longest || request.Until - now > Longest)
            return Bad("from", $"A window is at most {Units.FormatDuration(Longest)} ahead.");
        return null;
    }

    /// <summary>What time alone brings about.</summary>
    public static NodeMaintenance Tick(NodeMaintenance current, DateTimeOffset now) => current switch
    {
        { Request.Until: { } until } when until <= now => NodeMaintenance.None,
        { Mode: MaintenanceMode.Scheduled, Request: { From: { } from } request } when from <= now =>
            new(MaintenanceMode.Draining, request with { DrainsSince = now }),
        _ => current,
    };

    /// <summary>
    /// Nothing is left on the node. Whoever asked for it to be emptied has got that; only the end of a window still matters.
    /// </summary>
    /// <param name="current">What is so now.</param>
    /// <param name="asked">What was so when somebody looked: a request that came later than that is not answered by it.</param>
    public static NodeMaintenance Emptied(NodeMaintenance current, NodeMaintenance asked) =>
        current.Mode != MaintenanceMode.Draining || current != asked
            ? current
            : new(MaintenanceMode.Drained, current.Request is { Until: not null } ? current.Request : null);

    private static Problem Bad(string field, string message) =>
        new(ProblemKind.Invalid, "bad-window", message, [new FieldError("bad-window", field, message, 0, 0, 0)]);
}
