namespace OrleansScheduler.Client;

/// <content>Why a job waits.</content>
public sealed partial class SchedulerClient
{
    /// <summary>Why instances of a job wait.</summary>
    public Task<Answer<ExplainView>> ExplainJobAsync(JobKey job, CancellationToken cancellationToken = default) =>
        ReadAsync<ExplainView>($"v1/explain/{job}", cancellationToken);
}
