namespace OrleansScheduler.Client;

/// <content>Questions and commands about cron jobs.</content>
public sealed partial class SchedulerClient
{
    /// <summary>One page of the cron jobs, in the order of their keys; it may be short and still have a successor.</summary>
    /// <param name="role">Only this role; null for all.</param>
    /// <param name="environment">Only this environment; null for all.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<JobView>>> ListCronJobsAsync(
        string? role = null, string? environment = null, int? limit = null, string? page = null,
        CancellationToken cancellationToken = default) =>
        ReadAsync<Page<JobView>>(
            Query.Path("v1/cron", ("role", role), ("env", environment), ("limit", limit), ("page", page)), cancellationToken);

    /// <summary>Starts a cron job now, pauses or resumes it, or takes it off its schedule.</summary>
    /// <param name="job">The job.</param>
    /// <param name="verb">What it is to do.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up. A run that it starts carries it.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<CommandReceipt>> CommandCronJobAsync(
        JobKey job, CronVerb verb, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/cron/{job}/{verb.ToString().ToLowerInvariant()}", body: null, operationId, cancellationToken);

    /// <summary>What a schedule means and when it fires, by the gateway's time zones.</summary>
    /// <param name="expression">The schedule.</param>
    /// <param name="timeZone">IANA name of its zone; null for UTC.</param>
    /// <param name="from">The runs behind this moment; null for now.</param>
    /// <param name="count">How many runs; null for 10.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<CronExplanation>> ExplainScheduleAsync(
        string expression, string? timeZone = null, DateTimeOffset? from = null, int? count = null,
        CancellationToken cancellationToken = default) =>
        ReadAsync<CronExplanation>(
            Query.Path(
                "v1/cron/explain", ("expression", expression), ("timezone", timeZone), ("from", from?.ToString("O")), ("count", count)),
            cancellationToken);
}
