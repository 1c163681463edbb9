namespace OrleansScheduler.Gateway;

/// <summary>Words what is refused because there is too much of it. Nothing of it was done.</summary>
internal static class Overload
{
    /// <summary>The principal is over its own limit.</summary>
    public static ProblemResult TooMany(TimeSpan wait) =>
        new(Problem.Of(ProblemKind.TooMany, "too-many-requests", "This caller sends more than its share; nothing was done. Send less."))
        {
            RetryAfter = wait,
        };

    /// <summary>All together are over the limit.</summary>
    public static ProblemResult Full(string message) => new(Refusal(message));

    /// <inheritdoc cref="Full"/>
    public static Problem Refusal(string message) =>
        Problem.Of(ProblemKind.Unavailable, "overloaded", $"{message} Nothing was done; try again a little later.");
}
