namespace OrleansScheduler.Client;

/// <content>Questions and commands about nodes.</content>
public sealed partial class SchedulerClient
{
    /// <summary>One page of the nodes.</summary>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<NodeView>>> ListNodesAsync(string? page = null, CancellationToken cancellationToken = default) =>
        ReadAsync<Page<NodeView>>(Query.Path("v1/nodes", ("page", page)), cancellationToken);

    /// <summary>One node.</summary>
    public Task<Answer<NodeView>> DescribeNodeAsync(string node, CancellationToken cancellationToken = default) =>
        ReadAsync<NodeView>($"v1/nodes/{Uri.EscapeDataString(node)}", cancellationToken);

    /// <summary>Takes a node out of service: it gets no new tasks, and those on it are moved away at once, whatever SLAs say.</summary>
    public Task<Answer<NodeView>> DrainNodeAsync(string node, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>($"v1/nodes/{Uri.EscapeDataString(node)}/drain", body: null, operationId, cancellationToken);

    /// <summary>Takes a node out of service as SLAs allow.</summary>
    public Task<Answer<NodeView>> DrainNodeAsync(
        string node, DrainRequest request, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>($"v1/nodes/{Uri.EscapeDataString(node)}/drain", request, operationId, cancellationToken);

    /// <summary>Announces maintenance of a node.</summary>
    public Task<Answer<NodeView>> ScheduleNodeAsync(
        string node, ScheduleRequest request, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>($"v1/nodes/{Uri.EscapeDataString(node)}/schedule", request, operationId, cancellationToken);

    /// <summary>How far a node's maintenance has got: who holds it up, why and until when.</summary>
    public Task<Answer<DrainView>> DescribeDrainAsync(string node, CancellationToken cancellationToken = default) =>
        ReadAsync<DrainView>($"v1/nodes/{Uri.EscapeDataString(node)}/drain", cancellationToken);

    /// <summary>Puts a drained node back into service.</summary>
    public Task<Answer<NodeView>> UndrainNodeAsync(
        string node, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>($"v1/nodes/{Uri.EscapeDataString(node)}/undrain", body: null, operationId, cancellationToken);

    /// <summary>Sets something of a node aside for a role and those below it.</summary>
    public Task<Answer<NodeView>> ReserveAsync(
        string node, string role, Resources amount, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>(ReservationsOf(node), new ReservationBody(role, amount), operationId, cancellationToken);

    /// <summary>Gives something back that was set aside for a role.</summary>
    public Task<Answer<NodeView>> ReleaseAsync(
        string node, string role, Resources amount, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<NodeView>(
            HttpMethod.Delete,
            Query.Path(
                ReservationsOf(node), ("role", role), ("cpuMillis", amount.CpuMillis), ("memoryMiB", amount.MemoryMiB),
                ("diskMiB", amount.DiskMiB), ("gpuMillis", amount.GpuMillis)),
            body: null, operationId, cancellationToken);

    private static string ReservationsOf(string node) => $"v1/nodes/{Uri.EscapeDataString(node)}/reservations";

    private sealed record ReservationBody(string Role, Resources Amount);
}
