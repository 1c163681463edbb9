using System.Globalization;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Reads what a request says in its path, query and headers, and collects everything that is wrong with it. What it returns counts only
/// when <see cref="Refusal"/> is null.
/// </summary>
internal sealed class RequestReader(HttpContext context)
{
    private const int MaxIdempotencyKeyLength = 255;

    private readonly List<FieldError> _errors = [];

    /// <summary>The answer to a request that cannot be read; null when all is well.</summary>
    public ProblemResult? Refusal => _errors.Count == 0
        ? null
        : new(new(ProblemKind.Malformed, _errors[0].Code, string.Join(' ', _errors.Select(error => error.Message)), [.. _errors]));

    public JobKey Job(string role, string env, string name)
    {
        Part("role", role);
        Part("env", env);
        Part("name", name);
        return new(role, env, name);
    }

    public TaskKey Task(string role, string env, string name, string instance) =>
        new(Job(role, env, name), Integer("instance", instance, 0, JobLimits.MaxInstances - 1, 0));

    public string? OptionalPart(string parameter, string? text)
    {
        if (text is not null) Part(parameter, text);
        return text;
    }

    public string Part(string parameter, string text)
    {
        if (!JobKey.IsValidPart(text)) Bad(parameter, $"Parameter '{parameter}' must be {JobKey.PartRule}.");
        return text;
    }

    /// <summary>A role as a path.</summary>
    public string Role(string parameter, string? text)
    {
        if (!RoleText.TryRead(text, out var path)) Bad(parameter, $"Parameter '{parameter}' must be a role: {RoleText.Rule}.");
        return path;
    }

    public JobKey? OptionalJob(string parameter, string? text)
    {
        if (text is null) return null;
        if (JobKey.TryParse(text, out var key)) return key;
        Bad(parameter, $"Parameter '{parameter}' must be role/env/name, each {JobKey.PartRule}.");
        return null;
    }

    public int Integer(string parameter, string? text, int least, int most, int otherwise) =>
        (int)Integer(parameter, text, (long)least, most, otherwise);

    public long Integer(string parameter, string? text, long least, long most, long otherwise)
    {
        if (text is null) return otherwise;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
            return value;
        var range = most == long.MaxValue ? "a whole number" : $"a whole number from {least} to {most}";
        Bad(parameter, $"Parameter '{parameter}' must be {range}.");
        return otherwise;
    }

    /// <summary>A switch: absent is off; <c>?follow</c> and <c>?follow=true</c> are on.</summary>
    public bool Flag(string parameter, string? text)
    {
        if (text is null or "false") return false;
        if (text is not ("" or "true")) Bad(parameter, $"Parameter '{parameter}' must be true or false.");
        return true;
    }

    public string OneOf(string parameter, string? text, params ReadOnlySpan<string> allowed)
    {
        foreach (var value in allowed)
        {
            if (text is null || text == value) return value;
        }

        Bad(parameter, $"Parameter '{parameter}' must be one of: {string.Join(", ", allowed.ToArray())}.");
        return allowed[0];
    }

    /// <summary>Statuses by name, separated by commas; empty for all.</summary>
    public ImmutableArray<ScheduleStatus> Statuses(string parameter, string? text)
    {
        if (text is null) return [];
        var known = Enum.GetValues<ScheduleStatus>().ToDictionary(status => status.ToName(), StringComparer.OrdinalIgnoreCase);
        var statuses = text.Split(',')
            .Select(name => known.TryGetValue(name.Trim(), out var status) ? status : (ScheduleStatus?)null).ToArray();
        if (statuses.All(status => status is not null)) return [.. statuses.Select(status => status!.Value)];
        Bad(parameter, $"Parameter '{parameter}' must be task statuses separated by commas: {string.Join(", ", known.Keys)}.");
        return [];
    }

    /// <summary>A text that has to be there.</summary>
    public string Required(string parameter, string? text)
    {
        if (string.IsNullOrEmpty(text)) Bad(parameter, $"Parameter '{parameter}' is required.");
        return text ?? "";
    }

    /// <summary>A moment such as <c>2026-03-29T00:00:00+01:00</c>; without an offset it is UTC.</summary>
    public DateTimeOffset Time(string parameter, string? text, DateTimeOffset otherwise)
    {
        if (text is null) return otherwise;
        if (MomentText.TryRead(text, out var moment)) return moment;
        Bad(parameter, $"Parameter '{parameter}' must be {MomentText.Rule}.");
        return otherwise;
    }

    /// <summary>A time such as <c>15s</c> or <c>500ms</c>.</summary>
    public TimeSpan Duration(string parameter, string? text, TimeSpan most)
    {
        if (text is null) return TimeSpan.Zero;
        if (Units.ParseDuration(text) is { Problem: null } duration && duration.Value >= TimeSpan.Zero && duration.Value <= most)
            return duration.Value;
        Bad(parameter, $"Parameter '{parameter}' must be a time such as 15s or 500ms, at most {most.TotalSeconds:0}s.");
        return TimeSpan.Zero;
    }

    /// <summary>The key that the page before ended with; null on the first page.</summary>
    public T? Page<T>(string? token, TryParse<T> parse) where T : struct
    {
        if (token is null) return null;
        if (PageToken.TryRead(token, out var text) && parse(text, out var key)) return key;
        BadPage();
        return null;
    }

    /// <inheritdoc cref="Page{T}"/>
    public string? Page(string? token, Func<string, bool> isKey)
    {
        if (token is null) return null;
        if (PageToken.TryRead(token, out var key) && isKey(key)) return key;
        BadPage();
        return null;
    }

    /// <summary>
    /// The header <c>Idempotency-Key</c>; made up when there is none. It is echoed, so that every caller can repeat what it asked.
    /// </summary>
    public string OperationId()
    {
        var values = context.Request.Headers["Idempotency-Key"];
        var id = values.Count == 0 ? Guid.NewGuid().ToString("N") : values.ToString();
        if (values.Count > 1 || id.Length is 0 or > MaxIdempotencyKeyLength || !id.All(c => c is >= ' ' and <= '~'))
        {
            Bad(
                "Idempotency-Key", $"Header Idempotency-Key must be 1 to {MaxIdempotencyKeyLength} printable ASCII characters, given once.",
                "bad-idempotency-key");
            return "";
        }

        context.Response.OnStarting(() =>
        {
            context.Response.Headers["Idempotency-Key"] = id;
            return System.Threading.Tasks.Task.CompletedTask;
        });
        return id;
    }

    /// <summary>The header <c>If-Match: "version"</c>; null when there is none.</summary>
    public int? ExpectedVersion()
    {
        var values = context.Request.Headers.IfMatch;
        if (values.Count == 0) return null;
        var text = values.ToString();
        var quoted = values.Count == 1 && text.Length > 2 && text[0] == '"' && text[^1] == '"';
        if (quoted && int.TryParse(text.AsSpan(1..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)) return version;
        Bad("If-Match", "Header If-Match must be the job's version in double quotes, such as \"3\".", "bad-if-match");
        return null;
    }

    private void BadPage() => Bad(
        "page", "Parameter 'page' is not a token that this list gave out; leave it away to start at the first page.", "bad-page-token");

    private void Bad(string parameter, string message, string code = "bad-parameter") =>
        _errors.Add(new(code, parameter, message, Line: 0, Column: 0, Document: 0));

    /// <summary>How a key is read from text.</summary>
    public delegate bool TryParse<T>(string? text, out T key);
}
