namespace OrleansScheduler.Client;

/// <content>Where services are.</content>
public sealed partial class SchedulerClient
{
    /// <summary>One page of the services, each with its healthy instances. A page may be empty and still have a successor.</summary>
    /// <param name="role">Only of this role; null for all.</param>
    /// <param name="environment">Only of this environment; null for all.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<ServiceView>>> ListServicesAsync(
        string? role = null, string? environment = null, int? limit = null, string? page = null,
        CancellationToken cancellationToken = default) =>
        ReadAsync<Page<ServiceView>>(
            Query.Path("v1/services", ("role", role), ("env", environment), ("limit", limit), ("page", page)), cancellationToken);

    /// <summary>One service with its healthy instances.</summary>
    public Task<Answer<ServiceView>> DescribeServiceAsync(JobKey service, CancellationToken cancellationToken = default) =>
        ReadAsync<ServiceView>($"v1/services/{service}", cancellationToken);

    /// <summary>The service as it is, then as it becomes, for ever. A broken connection is taken up again, and what was seen is not told
    /// again.</summary>
    /// <param name="service">The service.</param>
    /// <param name="after">Cursor of what was seen last; null for nothing.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The whole service with every change; a problem, if there is one, is the last item.</returns>
    public IAsyncEnumerable<Answer<ServiceView>> WatchServiceAsync(
        JobKey service, string? after = null, CancellationToken cancellationToken = default) =>
        WatchAsync<ServiceView>(
            _ => $"v1/services/{service}?watch=true", after, (view, _) => view, view => view.Cursor, cancellationToken);
}
