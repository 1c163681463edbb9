using Cronos;

namespace OrleansScheduler.Core;

/// <summary>
/// Reads schedules. Five fields are what Aurora accepts (day of week 7, and both kinds of day at once, are not); six, with seconds first,
/// are what Cronos accepts.
/// </summary>
public static class CronExpressions
{
    /// <summary>Longest text that is looked at.</summary>
    private const int MaxLength = 512;

    private static readonly DateTimeOffset Start = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The times of a schedule in a zone; else a problem <c>cron-invalid</c>, <c>timezone-unknown</c> or <c>cron-never-fires</c>.
    /// </summary>
    public static Answer<CronTimetable> Read(string expression, string timeZone)
    {
        var parsed = Parse(expression);
        if (parsed.Problem is { } problem) return problem;
        if (ZoneOf(timeZone) is not { } zone) return UnknownZone(timeZone);
        var timetable = new CronTimetable(parsed.Value!, zone);
        return timetable.Next(Start) is null ? NeverFires(expression) : timetable;
    }

    /// <summary>The fields of a schedule with what each means, as far as they can be read.</summary>
    internal static ImmutableArray<CronFieldView> Explain(string expression)
    {
        var texts = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return [.. (texts.Length == 6 ? CronField.Six : CronField.Five).Zip(texts)
            .Select(pair => new CronFieldView(pair.First.Name, pair.Second, pair.First.Say(pair.Second)))];
    }

    internal static Answer<CronExpression> Parse(string expression)
    {
        if (expression.Length > MaxLength) return Wrong($"A schedule is at most {MaxLength} characters long.");
        var texts = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        const string Fields = "minute, hour, day of month, month, day of week";
        var shown = FieldWords.Show(expression);
        return texts.Length switch
        {
            5 => ParseFive(texts),
            6 when CronExpression.TryParse(expression, CronFormat.IncludeSeconds, out var six) => six,
            6 => Wrong($"{shown} is not a schedule: second, {Fields}."),
            _ => Wrong($"{shown} is not a schedule: {Fields}; seconds may stand first."),
        };
    }

    internal static TimeZoneInfo? ZoneOf(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    internal static Problem UnknownZone(string name) => Problem.Of(ProblemKind.Invalid, JobCode.TimezoneUnknown,
        $"There is no time zone {FieldWords.Show(name)}; write an IANA name such as Europe/Berlin.");

    internal static Problem NeverFires(string expression) => Problem.Of(ProblemKind.Invalid, JobCode.CronNeverFires,
        $"{FieldWords.Show(expression)} names a time that never comes.");

    private static Answer<CronExpression> ParseFive(string[] texts)
    {
        var fields = new string[texts.Length];
        var covers = new bool[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            var read = CronField.Five[i].Read(texts[i], out covers[i]);
            if (read.Problem is { } problem) return problem;
            fields[i] = read.Value!;
        }

        if (!covers[2] && !covers[4])
            return Wrong("Day of month and day of week cannot both be given: leave one of them '*', or write two jobs.");
        return CronExpression.TryParse(string.Join(' ', fields), CronFormat.Standard, out var expression)
            ? expression
            : Wrong($"{FieldWords.Show(string.Join(' ', texts))} is not a schedule.");
    }

    private static Problem Wrong(string message) => Problem.Of(ProblemKind.Invalid, JobCode.CronInvalid, message);
}
