namespace OrleansScheduler.Chaos;

/// <summary>The exchange of one part.</summary>
internal sealed record UpgradeStep
{
    /// <summary>The process, such as <c>silo-1</c>.</summary>
    public required string Part { get; init; }

    /// <summary>The build that it has now.</summary>
    public required string Build { get; init; }

    /// <summary>From SIGTERM to its end.</summary>
    public required double StopMs { get; init; }

    /// <summary>From SIGTERM until its successor is ready and the cell whole.</summary>
    public required double ReadyMs { get; init; }

    /// <summary>Whether it had to be killed.</summary>
    public required bool IsForced { get; init; }

    /// <summary>How it ended.</summary>
    public required int? ExitCode { get; init; }

    /// <summary>What users noticed meanwhile.</summary>
    public required UpgradeNotice Noticed { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Part} is build {Build}: ended in {StopMs:0} ms with {ExitCode}, ready after {ReadyMs:0} ms; {Noticed}";
}

/// <summary>What users noticed in some time.</summary>
/// <param name="Requests">Requests that came to an end.</param>
/// <param name="Repeated">Of these: those that were sent more than once, by the client or to the other gateway.</param>
/// <param name="OtherGateway">Of these: those that only the other gateway answered.</param>
/// <param name="Failed">Requests that failed after all.</param>
/// <param name="ReadMs">Longest time that anybody waited for the answer to a question.</param>
/// <param name="ChangeMs">Longest time that anybody waited for a change.</param>
internal sealed record UpgradeNotice(int Requests, int Repeated, int OtherGateway, int Failed, double ReadMs, double ChangeMs)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Requests} requests, {Repeated} repeated, {OtherGateway} at the other gateway, {Failed} failed, "
        + $"longest read {ReadMs:0} ms, change {ChangeMs:0} ms";
}
