namespace OrleansScheduler.Gateway;

/// <summary>How the page words values.</summary>
internal static class Words
{
    /// <summary>How long ago, in the largest unit that is not zero.</summary>
    public static string Ago(DateTimeOffset then, DateTimeOffset now) => (now - then) switch
    {
        { TotalSeconds: < 1 } => "now",
        { TotalMinutes: < 1 } age => $"{(int)age.TotalSeconds}s ago",
        { TotalHours: < 1 } age => $"{(int)age.TotalMinutes}m ago",
        { TotalDays: < 1 } age => $"{(int)age.TotalHours}h ago",
        var age => $"{(int)age.TotalDays}d ago",
    };

    /// <summary>The name that the style sheet knows a status by.</summary>
    public static string Style(string status) => $"is-{status.ToLowerInvariant()}";

    /// <summary>How an ended task ended; empty while it runs.</summary>
    public static string End(TaskView task) => task switch
    {
        { Signal: { } signal } => $"signal {signal}",
        { ExitCode: { } code } => $"exit {code}",
        _ => "",
    };
}
