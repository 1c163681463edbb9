namespace OrleansScheduler.Client;

/// <content>Why a job waits, and what could be.</content>
public sealed partial class SchedulerClient
{
    /// <summary>Why instances of a job wait.</summary>
    public Task<Answer<ExplainView>> ExplainJobAsync(JobKey job, CancellationToken cancellationToken = default) =>
        ReadAsync<ExplainView>($"v1/explain/{job}", cancellationToken);

    /// <summary>What would become of the cell with these changes; changes nothing.</summary>
    public Task<Answer<WhatIfView>> AskWhatIfAsync(WhatIf change, CancellationToken cancellationToken = default) =>
        _transport.SendAsync<WhatIfView>(new(HttpMethod.Post, "v1/what-if") { Body = () => BodyOf(change) }, cancellationToken);
}
