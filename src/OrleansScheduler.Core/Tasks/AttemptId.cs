using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>Names one instance of a job: <c>role/env/name/3</c>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Instance">Which instance, from 0.</param>
[GenerateSerializer, Immutable, Alias("osched.TaskKey")]
public readonly record struct TaskKey([property: Id(0)] JobKey Job, [property: Id(1)] int Instance)
{
    /// <summary>Reads <c>role/env/name/instance</c>; false when it is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TaskKey key)
    {
        key = default;
        var slash = text?.LastIndexOf('/') ?? -1;
        if (slash < 0 || !JobKey.TryParse(text![..slash], out var job)) return false;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var instance)) return false;
        key = new(job, instance);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Job}/{Instance}";
}

/// <summary>Names one run of a task on one node: <c>role/env/name/3#2</c>. Never used twice. Mesos' TaskID.</summary>
/// <param name="Job">The job.</param>
/// <param name="Instance">Which instance, from 0.</param>
/// <param name="Number">Which attempt of that instance, from 1.</param>
[GenerateSerializer, Immutable, Alias("osched.AttemptId")]
public readonly record struct AttemptId([property: Id(0)] JobKey Job, [property: Id(1)] int Instance, [property: Id(2)] int Number)
    : IComparable<AttemptId>
{
    /// <summary>Reads <c>role/env/name/instance#number</c>; false when it is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AttemptId id)
    {
        id = default;
        var hash = text?.LastIndexOf('#') ?? -1;
        if (hash < 0 || !TaskKey.TryParse(text![..hash], out var task)) return false;
        if (!int.TryParse(text.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        if (number < 1) return false;
        id = new(task.Job, task.Instance, number);
        return true;
    }

    /// <summary>Reads <c>role/env/name/instance#number</c>.</summary>
    /// <exception cref="FormatException">The text is not an attempt's name.</exception>
    public static AttemptId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not an attempt: expected role/env/name/instance#number");

    /// <summary>Order of jobs, then of instances, then of attempts.</summary>
    public int CompareTo(AttemptId other)
    {
        var order = Job.CompareTo(other.Job);
        if (order == 0) order = Instance.CompareTo(other.Instance);
        return order != 0 ? order : Number.CompareTo(other.Number);
    }

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(AttemptId left, AttemptId right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(AttemptId left, AttemptId right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(AttemptId left, AttemptId right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(AttemptId left, AttemptId right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Job}/{Instance}#{Number}";
}

/// <summary>An attempt named within its job: what messages about one job carry.</summary>
/// <param name="Instance">Which instance, from 0.</param>
/// <param name="Number">Which attempt of that instance, from 1.</param>
[GenerateSerializer, Immutable, Alias("osched.AttemptRef")]
public readonly record struct AttemptRef([property: Id(0)] int Instance, [property: Id(1)] int Number) : IComparable<AttemptRef>
{
    /// <summary>The full name.</summary>
    public AttemptId Of(JobKey job) => new(job, Instance, Number);

    /// <summary>Order of instances, then of attempts.</summary>
    public int CompareTo(AttemptRef other) =>
        Instance != other.Instance ? Instance.CompareTo(other.Instance) : Number.CompareTo(other.Number);

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(AttemptRef left, AttemptRef right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(AttemptRef left, AttemptRef right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(AttemptRef left, AttemptRef right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(AttemptRef left, AttemptRef right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Instance}#{Number}";
}
