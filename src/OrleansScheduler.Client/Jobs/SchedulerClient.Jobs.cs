using System.Net.Http.Headers;

namespace OrleansScheduler.Client;

/// <content>Questions and commands about jobs.</content>
public sealed partial class SchedulerClient
{
    /// <summary>Submits every job of a file; none of them when one is wrong.</summary>
    /// <param name="file">The job file.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="expectedVersion">Version that the job must have now; null when any will do.</param>
    /// <param name="cancellationToken">Stops waiting; the submit may still happen.</param>
    public Task<Answer<SubmitAnswer>> SubmitJobsAsync(
        JobFileBody file, string? operationId = null, int? expectedVersion = null, CancellationToken cancellationToken = default) =>
        _transport.SendAsync<SubmitAnswer>(
            new(HttpMethod.Post, PathOf("v1/jobs", file))
            {
                Body = () => BodyOf(file),
                OperationId = operationId ?? NewOperationId(),
                ExpectedVersion = expectedVersion,
            },
            cancellationToken);

    /// <summary>Checks a job file by the gateway's rules; changes nothing.</summary>
    public Task<Answer<ValidateAnswer>> ValidateJobsAsync(JobFileBody file, CancellationToken cancellationToken = default) =>
        _transport.SendAsync<ValidateAnswer>(
            new(HttpMethod.Post, PathOf("v1/jobs/validate", file)) { Body = () => BodyOf(file) }, cancellationToken);

    /// <summary>What submitting a job file would do; changes nothing.</summary>
    public Task<Answer<PlanView>> PlanJobsAsync(JobFileBody file, CancellationToken cancellationToken = default) =>
        _transport.SendAsync<PlanView>(new(HttpMethod.Post, PathOf("v1/plan", file)) { Body = () => BodyOf(file) }, cancellationToken);

    /// <summary>One page of the jobs, in the order of their keys.</summary>
    /// <param name="role">Only this role; null for all.</param>
    /// <param name="environment">Only this environment; null for all.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="page">Token of the page; null for the first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<JobView>>> ListJobsAsync(
        string? role = null, string? environment = null, int? limit = null, string? page = null,
        CancellationToken cancellationToken = default) =>
        ReadAsync<Page<JobView>>(
            Query.Path("v1/jobs", ("role", role), ("env", environment), ("limit", limit), ("page", page)), cancellationToken);

    /// <summary>One job.</summary>
    public Task<Answer<JobView>> DescribeJobAsync(JobKey job, CancellationToken cancellationToken = default) =>
        ReadAsync<JobView>($"v1/jobs/{job}", cancellationToken);

    /// <summary>How well a job was served lately.</summary>
    /// <param name="job">The job.</param>
    /// <param name="window">Length of the window, such as <c>1h</c>; null for a minute.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<JobSlaView>> DescribeJobSlaAsync(
        JobKey job, string? window = null, CancellationToken cancellationToken = default) =>
        ReadAsync<JobSlaView>(Query.Path($"v1/jobs/{job}/sla", ("window", window)), cancellationToken);

    /// <summary>One page of a job's tasks, in the order of their instances.</summary>
    /// <param name="job">The job.</param>
    /// <param name="from">First instance; null for 0.</param>
    /// <param name="limit">Most items, 1 to 500; null for 100.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<Page<TaskView>>> ListJobTasksAsync(
        JobKey job, int? from = null, int? limit = null, CancellationToken cancellationToken = default) =>
        ReadAsync<Page<TaskView>>(Query.Path($"v1/jobs/{job}/tasks", ("from", from), ("limit", limit)), cancellationToken);

    /// <summary>Stops a job for good, or some of its instances.</summary>
    /// <param name="job">The job.</param>
    /// <param name="instances">Which instances; empty for all.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<CommandReceipt>> StopJobAsync(
        JobKey job, ImmutableArray<int> instances = default, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/jobs/{job}/stop", BodyOf(instances), operationId, cancellationToken);

    /// <summary>Restarts a job's instances, or some of them.</summary>
    /// <param name="job">The job.</param>
    /// <param name="instances">Which instances; empty for all.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<CommandReceipt>> RestartJobAsync(
        JobKey job, ImmutableArray<int> instances = default, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/jobs/{job}/restart", BodyOf(instances), operationId, cancellationToken);

    /// <summary>Changes how many instances a job has.</summary>
    /// <param name="job">The job.</param>
    /// <param name="instances">How many from now on.</param>
    /// <param name="operationId">Makes repeating safe; null makes one up.</param>
    /// <param name="cancellationToken">Stops waiting; the command may still be carried out.</param>
    public Task<Answer<CommandReceipt>> ScaleJobAsync(
        JobKey job, int instances, string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CommandReceipt>($"v1/jobs/{job}/scale", new ScaleBody(instances), operationId, cancellationToken);

    private static string PathOf(string route, JobFileBody file) =>
        Query.Path(route, [.. file.Parameters.Select(parameter => ("set", (object?)$"{parameter.Key}={parameter.Value}"))]);

    private static ByteArrayContent BodyOf(JobFileBody file) =>
        new(file.Content.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue(file.MediaType, "utf-8") } };

    private static InstancesBody? BodyOf(ImmutableArray<int> instances) => instances.IsDefaultOrEmpty ? null : new(instances);

    private sealed record InstancesBody(ImmutableArray<int> Instances);

    private sealed record ScaleBody(int Instances);
}
