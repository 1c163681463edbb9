namespace OrleansScheduler.Chaos;

/// <summary>A rolling upgrade and the way back.</summary>
/// <param name="From">The build that the cell began with and returned to.</param>
/// <param name="To">The build between.</param>
/// <param name="Users">Users who worked all the time.</param>
/// <param name="Tasks">Tasks that ran all the time.</param>
/// <param name="Steps">The exchanges, in their order.</param>
internal sealed record UpgradeReport(string From, string To, int Users, int Tasks, ImmutableArray<UpgradeStep> Steps)
{
    /// <summary>Tasks that were started again or have ended.</summary>
    public required int Restarted { get; init; }

    /// <summary>Why requests failed, the first ten.</summary>
    public required ImmutableArray<string> FirstFailures { get; init; }

    /// <summary>Requests of users.</summary>
    public int Requests => Steps.Sum(step => step.Noticed.Requests);

    /// <summary>Requests that were sent more than once.</summary>
    public int Repeated => Steps.Sum(step => step.Noticed.Repeated);

    /// <summary>Requests that failed after all.</summary>
    public int Failed => Steps.Sum(step => step.Noticed.Failed);

    /// <summary>Parts that did not end by themselves.</summary>
    public int Forced => Steps.Count(step => step.IsForced);

    /// <summary>Longest time that anybody waited for the answer to a question.</summary>
    public double ReadMs => Steps.Max(step => step.Noticed.ReadMs);

    /// <summary>Longest time that anybody waited for a change.</summary>
    public double ChangeMs => Steps.Max(step => step.Noticed.ChangeMs);

    /// <inheritdoc/>
    public override string ToString() => $"""
        {Steps.Length} exchanges, {From} to {To} and back, {Users} users, {Tasks} tasks:
          failed          {Failed} of {Requests} requests, {Repeated} were sent again; {string.Join("; ", FirstFailures)}
          restarted       {Restarted} tasks
          killed          {Forced} parts
          a step          {Steps.Average(step => step.ReadyMs):0} ms in the mean, at most {Steps.Max(step => step.ReadyMs):0} ms
          longest wait    read {ReadMs:0} ms, change {ChangeMs:0} ms
        """;
}
