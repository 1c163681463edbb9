namespace OrleansScheduler.Chaos;

/// <summary>What became of far too many requests.</summary>
internal sealed record OverloadReport
{
    /// <summary>Reads and changes together that the gateway admits a second.</summary>
    public required int AdmittedPerSecond { get; init; }

    /// <summary>What was sent a second.</summary>
    public required double SentPerSecond { get; init; }

    /// <summary>How long.</summary>
    public required double Seconds { get; init; }

    /// <summary>Answers with 200.</summary>
    public required Times Accepted { get; init; }

    /// <summary>Answers with 429 and 503.</summary>
    public required Times Refused { get; init; }

    /// <summary>Of these: those that did not say when to come again.</summary>
    public required int RefusedWithoutRetryAfter { get; init; }

    /// <summary>Requests with any other answer, or none.</summary>
    public required int Failed { get; init; }

    /// <summary>Resident memory of the gateway before and after.</summary>
    public required ImmutableArray<long> GatewayMemory { get; init; }

    /// <summary>Resident memory of the silos before and after.</summary>
    public required ImmutableArray<long> SiloMemory { get; init; }

    /// <summary>Processor time of the gateway meanwhile.</summary>
    public required double GatewayCpuSeconds { get; init; }

    /// <summary>Processor time of the silos meanwhile.</summary>
    public required double SiloCpuSeconds { get; init; }

    /// <summary>From the end of the load to the last refusal of a client that stays within the rate.</summary>
    public required double RecoveryMs { get; init; }

    /// <summary>The machine's load average at the end.</summary>
    public required double LoadAverage { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"""
        {SentPerSecond:0} requests/s for {Seconds} s where {AdmittedPerSecond} are admitted; load average {LoadAverage}:
          accepted        {Accepted}
          refused         {Refused}; {RefusedWithoutRetryAfter} without Retry-After; {Failed} failed
          gateway         {GatewayCpuSeconds} s of cpu, {string.Join(" to ", GatewayMemory.Select(bytes => bytes >> 20))} MiB
          silos           {SiloCpuSeconds} s of cpu, {string.Join(" to ", SiloMemory.Select(bytes => bytes >> 20))} MiB
          after it        refused for {RecoveryMs:0} ms
        """;
}

/// <summary>How many, and where their times lie in milliseconds.</summary>
internal sealed record Times(int Count, double P50, double P99, double Max)
{
    /// <summary>Of a list; zeros when it is empty.</summary>
    public static Times Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? new(0, 0, 0, 0) : new(sorted.Length, At(0.5), At(0.99), Math.Round(sorted[^1], 1));

        double At(double share) => Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))], 1);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Count}, p50 {P50} ms, p99 {P99} ms, at most {Max} ms";
}
