namespace OrleansScheduler.Core;

/// <summary>How a service gets more or fewer instances by itself, by what a query of a Prometheus server says.</summary>
[GenerateSerializer, Immutable, Alias("osched.ScalePolicy")]
public sealed record ScalePolicy
{
    /// <summary>Fewest instances. Default 1.</summary>
    [Id(0)] public int Min { get; init; } = 1;

    /// <summary>Most instances.</summary>
    [Id(1)] public required int Max { get; init; }

    /// <summary>Query whose value is shared by the instances, such as requests a second; a scalar or a vector of one sample.</summary>
    [Id(2)] public required string Metric { get; init; }

    /// <summary>How much of it one instance is to have, above zero.</summary>
    [Id(3)] public required double Value { get; init; }

    /// <summary>How long after a change nothing is changed. Default 3 min.</summary>
    [Id(4)] public TimeSpan Cooldown { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How often the query is asked. Default 15 s.</summary>
    [Id(5)] public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Most instances that are added or taken away at once; null for at most double or half of what there is.</summary>
    [Id(6)] public int? MaxStep { get; init; }

    /// <summary>
    /// Instead of a query: how much cpu one instance is to use, in percent of what it asks for, as agents measure it. Null for a query.
    /// </summary>
    [Id(7)] public double? Cpu { get; init; }

    /// <summary>How much of the reading one instance is to have.</summary>
    public double PerInstance => Cpu ?? Value;
}

/// <summary>What is made of one reading.</summary>
/// <param name="Instances">How many instances there are to be.</param>
/// <param name="Reason">Why, with the numbers.</param>
public readonly record struct ScaleDecision(int Instances, string Reason);

/// <summary>Decides how many instances a service has. Pure.</summary>
/// <remarks>
/// As Kubernetes' horizontal autoscaler does for an average value: <c>ceil(reading / value)</c>, and no change within a tenth of what there
/// is, so that noise moves nothing.
/// </remarks>
public static class ScaleRules
{
    /// <summary>A reading that is so near to what there is changes nothing.</summary>
    public const double Tolerance = 0.1;

    /// <summary>How many instances there are to be.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="instances">How many there are.</param>
    /// <param name="reading">What the query said; not finite or negative when it said nothing of use.</param>
    /// <param name="sinceChange">How long ago the number was last changed.</param>
    public static ScaleDecision Decide(ScalePolicy policy, int instances, double reading, TimeSpan sinceChange)
    {
        var bounded = Math.Clamp(instances, policy.Min, policy.Max);
        if (bounded != instances) return new(bounded, $"{policy.Min} to {policy.Max} instances are allowed.");
        if (!double.IsFinite(reading) || reading < 0) return new(instances, $"The metric says {reading:0.###}, which is no load.");

        var wanted = reading / policy.PerInstance;
        var numbers = policy.Cpu is { } cpu
            ? FormattableString.Invariant($"The instances use {reading:0.#} % of the cpu that one asks for, {cpu:0.#} % for each is wanted")
            : FormattableString.Invariant($"The metric says {reading:0.###}, {policy.Value:0.###} for each instance");
        if (Math.Abs(wanted - instances) <= Tolerance * instances) return new(instances, $"{numbers}: near enough.");
        if (sinceChange < policy.Cooldown)
            return new(instances, $"{numbers}: the last change was {Units.FormatDuration(Whole(sinceChange))} ago.");

        var whole = (int)Math.Clamp(Math.Ceiling(wanted), policy.Min, policy.Max);
        var step = policy.MaxStep ?? Math.Max(1, whole > instances ? instances : instances / 2);
        var next = Math.Clamp(whole, instances - step, instances + step);
        var limits = next != whole ? $", {whole} in steps of {step}" : "";
        return new(next, $"{numbers}{limits}.");
    }

    private static TimeSpan Whole(TimeSpan time) => TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds));
}
