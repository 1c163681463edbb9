namespace OrleansScheduler.Client;

/// <content>
/// Questions and commands about roles. A role is named as in a job file (<c>eng.web</c>) or by its path (<c>eng/web</c>).
/// </content>
public sealed partial class SchedulerClient
{
    /// <summary>One page of the roles, in the order of their paths.</summary>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<RoleView>>> ListRolesAsync(string? page = null, CancellationToken cancellationToken = default) =>
        ReadAsync<Page<RoleView>>(Query.Path("v1/quotas", ("page", page)), cancellationToken);

    /// <summary>One role.</summary>
    public Task<Answer<RoleView>> DescribeRoleAsync(string role, CancellationToken cancellationToken = default) =>
        ReadAsync<RoleView>(PathOf(role), cancellationToken);

    /// <summary>Sets a role's quota, its weight, or both.</summary>
    public Task<Answer<RoleView>> SetRoleAsync(
        string role, RoleChange change, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<RoleView>(HttpMethod.Put, PathOf(role), change, operationId, cancellationToken);

    /// <summary>Takes a role's quota away.</summary>
    public Task<Answer<RoleView>> RemoveQuotaAsync(
        string role, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<RoleView>(HttpMethod.Delete, PathOf(role), body: null, operationId, cancellationToken);

    private static string PathOf(string role) => $"v1/quotas/{string.Join('/', role.Split('/').Select(Uri.EscapeDataString))}";
}
