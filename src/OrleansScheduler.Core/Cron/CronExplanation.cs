namespace OrleansScheduler.Core;

/// <summary>One field of a schedule.</summary>
/// <param name="Name">What it counts.</param>
/// <param name="Text">What stands there.</param>
/// <param name="Meaning">What that means.</param>
public sealed record CronFieldView(string Name, string Text, string Meaning);

/// <summary>A schedule in words and in times.</summary>
/// <param name="Expression">The schedule.</param>
/// <param name="TimeZone">Its time zone.</param>
/// <param name="Fields">Its fields in their order.</param>
/// <param name="Runs">When it fires next, with the zone's offset.</param>
public sealed record CronExplanation(
    string Expression, string TimeZone, ImmutableArray<CronFieldView> Fields, ImmutableArray<DateTimeOffset> Runs)
{
    /// <summary>How many times are told unless somebody asks for more.</summary>
    public const int DefaultCount = 10;

    /// <summary>Most times that are told.</summary>
    public const int MaxCount = 1000;

    /// <summary>Explains a schedule, or says what is wrong with it.</summary>
    /// <param name="expression">The schedule.</param>
    /// <param name="timeZone">IANA name of its time zone.</param>
    /// <param name="from">The runs behind this moment are told.</param>
    /// <param name="count">How many of them, at most <see cref="MaxCount"/>.</param>
    public static Answer<CronExplanation> Of(string expression, string timeZone, DateTimeOffset from, int count)
    {
        var read = CronExpressions.Read(expression, timeZone);
        if (read.Problem is { } problem)
        {
            var path = problem.Code == JobCode.TimezoneUnknown ? "timezone" : "expression";
            return problem with { Errors = [new(problem.Code, path, problem.Message, 0, 0, 0)] };
        }

        return new CronExplanation(
            expression, timeZone, CronExpressions.Explain(expression), [.. read.Value!.After(from).Take(Math.Clamp(count, 1, MaxCount))]);
    }
}
