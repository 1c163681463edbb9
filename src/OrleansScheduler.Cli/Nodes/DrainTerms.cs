using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary>The options that say how a node is drained.</summary>
internal sealed class DrainTerms
{
    public Option<double?> Percentage { get; } =
        new("--percentage")
        {
            Description = "Share of a service's instances that is left running unless its own SLA says otherwise",
            HelpName = "percent",
        };

    public Option<int?> Count { get; } =
        new("--count")
        {
            Description = "Number of a service's instances that are left running unless its own SLA says otherwise",
            HelpName = "n",
        };

    public Option<TimeSpan?> Duration { get; } =
        Arguments.Duration("--duration", "How long an instance must have run to count (default 30m)");

    public Option<TimeSpan?> Deadline { get; } =
        Arguments.Duration("--deadline", "Stop what is left by force after this time; until then SLAs count");

    public Option<bool> Force { get; } = new("--force") { Description = "Stop everything at once, whatever SLAs say" };

    public bool IsPlain(Session session) =>
        session.Value(Percentage) is null && session.Value(Count) is null && session.Value(Deadline) is null;

    public string? Refusal(Session session)
    {
        var (percentage, count) = (session.Value(Percentage), session.Value(Count));
        if (percentage is not null && count is not null) return "name --percentage or --count, not both";
        if (percentage is < 0 or > 100) return "--percentage must be between 0 and 100";
        if (count < 0) return "--count must be at least 0";
        if (percentage is null && count is null && session.Value(Duration) is not null)
            return "--duration needs --percentage or --count";
        return session.Value(Force) && !IsPlain(session)
            ? "--force stops everything at once: leave --percentage, --count and --deadline out"
            : null;
    }

    public T Fill<T>(Session session, T request) where T : DrainRequest => (T)(request with
    {
        Sla = session.Value(Percentage) is null && session.Value(Count) is null
            ? null
            : new SlaRequest
            {
                Percentage = session.Value(Percentage),
                Count = session.Value(Count),
                Duration = session.Value(Duration) is { } duration ? Units.FormatDuration(duration) : null,
            },
        Deadline = session.Value(Deadline) is { } deadline ? Units.FormatDuration(deadline) : null,
        Force = session.Value(Force),
    });
}
