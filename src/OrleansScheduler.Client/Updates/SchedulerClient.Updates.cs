namespace OrleansScheduler.Client;

/// <summary>A job's updates that are remembered.</summary>
/// <param name="Items">The updates, newest first, each with its story.</param>
public sealed record UpdatesAnswer(ImmutableArray<UpdateView> Items);

/// <summary>A job's versions that are kept.</summary>
/// <param name="Items">The versions, newest first.</param>
public sealed record VersionsAnswer(ImmutableArray<VersionView> Items);

/// <content>Questions and commands about updates and versions.</content>
public sealed partial class SchedulerClient
{
    /// <summary>One page of the updates that have not ended, in the order of their jobs. A page may have fewer items than wanted, or
    /// none, and not be the last.</summary>
    /// <param name="role">Only jobs of this role; null for all.</param>
    /// <param name="environment">Only jobs of this environment; null for all.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<UpdateView>>> ListUpdatesAsync(
        string? role = null, string? environment = null, int? limit = null, string? page = null,
        CancellationToken cancellationToken = default) =>
        ReadAsync<Page<UpdateView>>(
            Query.Path("v1/updates", ("role", role), ("env", environment), ("limit", limit), ("page", page)), cancellationToken);

    /// <summary>The updates of one job.</summary>
    public Task<Answer<UpdatesAnswer>> ListUpdatesAsync(JobKey job, CancellationToken cancellationToken = default) =>
        ReadAsync<UpdatesAnswer>($"v1/jobs/{job}/updates", cancellationToken);

    /// <summary>The versions of one job.</summary>
    public Task<Answer<VersionsAnswer>> ListVersionsAsync(JobKey job, CancellationToken cancellationToken = default) =>
        ReadAsync<VersionsAnswer>($"v1/jobs/{job}/versions", cancellationToken);

    /// <summary>What differs between two versions of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="from">The older version; null for the one before <paramref name="to"/>.</param>
    /// <param name="to">The newer version; null for the one that the job is or is becoming.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<JobDiffView>> DiffJobAsync(
        JobKey job, int? from = null, int? to = null, CancellationToken cancellationToken = default) =>
        ReadAsync<JobDiffView>(Query.Path($"v1/jobs/{job}/diff", ("from", from), ("to", to)), cancellationToken);

    /// <summary>Pauses, resumes, aborts, rolls back or pulses a job's update.</summary>
    /// <param name="job">The job.</param>
    /// <param name="verb">What to do.</param>
    /// <param name="update">Which update: the version that it goes to; null for the one that is there.</param>
    /// <param name="message">Why, for people; null to say nothing.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<UpdateReceipt>> ChangeUpdateAsync(
        JobKey job, UpdateVerb verb, int? update = null, string? message = null, string? operationId = null,
        CancellationToken cancellationToken = default) =>
        ChangeAsync<UpdateReceipt>(
            $"v1/jobs/{job}/update/{verb.ToString().ToLowerInvariant()}",
            update is null && message is null ? null : new UpdateBody(update, message), operationId, cancellationToken);

    /// <summary>Moves a job to the spec that an earlier version had.</summary>
    /// <param name="job">The job.</param>
    /// <param name="to">The version.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="expectedVersion">Version that the job must have now; null when any will do.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<SubmitReceipt>> RollbackJobAsync(
        JobKey job, int to, string? operationId = null, int? expectedVersion = null, CancellationToken cancellationToken = default) =>
        _transport.SendAsync<SubmitReceipt>(
            new(HttpMethod.Post, $"v1/jobs/{job}/rollback")
            {
                Body = () => BodyOf(new RollbackBody(to)),
                OperationId = operationId ?? NewOperationId(),
                ExpectedVersion = expectedVersion,
            },
            cancellationToken);

    private sealed record UpdateBody(int? Update, string? Message);

    private sealed record RollbackBody(int To);
}
