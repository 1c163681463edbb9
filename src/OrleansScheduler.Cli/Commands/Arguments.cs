using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>Arguments and options that several verbs take, with the words that say what is wrong with a value.</summary>
internal static class Arguments
{
    /// <summary>Most items of a list unless asked for more.</summary>
    public const int DefaultLimit = 1000;

    /// <summary>A job: <c>role/env/name</c>.</summary>
    public static Argument<JobKey> Job() => new("job")
    {
        Description = "The job, as role/env/name",
        CustomParser = result => Read(
            result, JobKey.TryParse(result.Tokens[0].Value, out var key), key, $"expected a job as role/env/name, each {JobKey.PartRule}"),
    };

    /// <summary>A job that may be left out.</summary>
    public static Argument<JobKey?> OptionalJob(string description) => new("job")
    {
        Description = $"{description}, as role/env/name",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0
            ? null
            : Read<JobKey?>(
                result, JobKey.TryParse(result.Tokens[0].Value, out var key), key,
                $"expected a job as role/env/name, each {JobKey.PartRule}"),
    };

    /// <summary>A task: <c>role/env/name/instance</c>.</summary>
    public static Argument<TaskKey> Task() => new("task")
    {
        Description = "The task, as role/env/name/instance",
        CustomParser = result =>
            Read(result, TaskKey.TryParse(result.Tokens[0].Value, out var key), key, "expected a task as role/env/name/instance"),
    };

    /// <summary>A job, or one task of it.</summary>
    public static Argument<string> Node() => new("node") { Description = "The node's name" };

    /// <summary>How many items a list shows at most.</summary>
    public static Option<int> Limit() => Positive("--limit", "Most items to list", DefaultLimit);

    /// <summary>One of a few words.</summary>
    public static Option<T> Choice<T>(string name, string description, T otherwise, params string[] aliases) where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(word => word.ToLowerInvariant()).ToArray();
        var option = new Option<T>(name, aliases)
        {
            Description = $"{description}: {string.Join(", ", words[..^1])} or {words[^1]}",
            HelpName = name.TrimStart('-'),
            DefaultValueFactory = _ => otherwise,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (words.Contains(text.ToLowerInvariant())) return Enum.Parse<T>(text, ignoreCase: true);
                result.AddError($"{name}: '{text}': expected {string.Join(", ", words[..^1])} or {words[^1]}");
                return otherwise;
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>A whole number above zero.</summary>
    public static Option<int> Positive(string name, string description, int otherwise)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "n", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0
                && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1))
            {
                result.AddError($"{name}: expected a whole number of at least 1");
            }
        });
        return option;
    }

    /// <summary>A duration such as <c>90s</c>, <c>5m</c> or <c>1h</c>.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result =>
        {
            if (ReadDuration(result.Tokens[0].Value) is { } span) return span;
            result.AddError($"{name}: '{result.Tokens[0].Value}': expected a duration such as 90s, 5m or 1h");
            return null;
        },
    };

    /// <summary>A time: an ISO 8601 one, UTC unless it says otherwise, or how long from now.</summary>
    public static Option<PointInTime?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (ReadDuration(text) is { } wait) return new PointInTime(null, wait);
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return new PointInTime(time, default);
            result.AddError($"{name}: '{text}': expected a time such as 2026-12-01T22:00Z, or how long from now, such as 2h");
            return null;
        },
    };

    /// <summary>An amount of one resource, such as <c>0.5</c> or <c>16GiB</c>.</summary>
    public static Option<long?> Amount(string name, string description, Func<string, Answer<long>> parse) => new(name)
    {
        Description = description,
        HelpName = "amount",
        CustomParser = result => parse(result.Tokens[0].Value) switch
        {
            { Problem: { } problem } => Wrong<long?>(result, $"{name}: {problem.Message}"),
            { Value: < 0 } => Wrong<long?>(result, $"{name}: '{result.Tokens[0].Value}': expected an amount that is not negative"),
            { Value: var amount } => amount,
        },
    };

    /// <summary>Amounts of several resources, such as <c>cpu=4,memory=16GiB</c>.</summary>
    public static Option<ResourceLimit?> Amounts(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "amounts",
        CustomParser = result => ResourceText.Parse(result.Tokens[0].Value) is { Problem: { } problem }
            ? Wrong<ResourceLimit?>(result, $"{name}: {problem.Message}")
            : ResourceText.Parse(result.Tokens[0].Value).Value,
    };

    /// <summary>An option that may be given several times; <paramref name="read"/> reads one of them or says what is wrong.</summary>
    public static Option<ImmutableArray<T>> Several<T>(string name, string description, string helpName, Func<string, Answer<T>> read) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var answers = result.Tokens.Select(token => read(token.Value)).ToList();
                foreach (var answer in answers.Where(answer => answer.Problem is not null))
                    result.AddError($"{name}: {answer.Problem!.Message}");
                return [.. answers.Where(answer => answer.Problem is null).Select(answer => answer.Value!)];
            },
            Arity = ArgumentArity.OneOrMore,
        };

    /// <summary>Values of parameters that a job file declares; of equal names the last counts.</summary>
    public static Option<ImmutableArray<(string Name, string Value)>> Set() => Several<(string, string)>(
        "--set", "Value of a parameter that the file declares; may be given several times", "name=value",
        text => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
            ? (text[..equals], text[(equals + 1)..])
            : Problem.Of(ProblemKind.Malformed, "bad-parameter", $"'{text}': expected name=value"));

    /// <summary>Makes repeating a command safe.</summary>
    public static Option<string?> Operation() => new("--operation")
    {
        Description = "Operation id: repeating a command with the same id does it once",
        HelpName = "key",
    };

    /// <summary>Instances as <c>0,2,5-7</c>.</summary>
    public static Option<ImmutableArray<int>> Instances() => new("--instances", "-i")
    {
        Description = "Only these instances, such as 0,2,5-7",
        HelpName = "list",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (ReadInstances(text) is { } instances) return instances;
            result.AddError($"'{text}': expected instances such as 0,2,5-7, each below {JobLimits.MaxInstances}");
            return [];
        },
    };

    private static TimeSpan? ReadDuration(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits is 0 or > 6) return null;
        var number = int.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture);
        return text[digits..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => null,
        };
    }

    private static ImmutableArray<int>? ReadInstances(string text)
    {
        var instances = new SortedSet<int>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)) return null;
            if (!int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)) return null;
            if (last < first || last >= JobLimits.MaxInstances) return null;
            for (var i = first; i <= last; i++) instances.Add(i);
        }

        return [.. instances];
    }

    private static T? Wrong<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }

    private static T Read<T>(ArgumentResult result, bool isRight, T value, string message)
    {
        if (!isRight) result.AddError($"'{result.Tokens[0].Value}': {message}");
        return value;
    }
}
