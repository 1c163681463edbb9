using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>Names one job of a cell: <c>role/env/name</c>.</summary>
/// <remarks>
/// Each part is 1–64 characters of <c>A–Z a–z 0–9 . _ -</c>, not starting with a dot (Aurora's rule, tightened so that a key
/// is a safe path).
/// </remarks>
/// <param name="Role">Who owns and pays for the job.</param>
/// <param name="Environment">Stage the job runs in, such as <c>prod</c>.</param>
/// <param name="Name">The job's own name, unique within role and environment.</param>
[GenerateSerializer, Immutable, Alias("osched.JobKey")]
[JsonConverter(typeof(JobKeyJsonConverter))]
public readonly record struct JobKey([property: Id(0)] string Role, [property: Id(1)] string Environment, [property: Id(2)] string Name)
    : IComparable<JobKey>
{
    /// <summary>Longest allowed part, in characters.</summary>
    public const int MaxPartLength = 64;

    /// <summary>What a valid part looks like, in words for people.</summary>
    public const string PartRule = "1 to 64 characters of A-Z, a-z, 0-9, '.', '_' or '-', not starting with a dot";

    /// <summary>Whether <paramref name="part"/> may stand as role, environment or name.</summary>
    public static bool IsValidPart([NotNullWhen(true)] string? part)
    {
        if (string.IsNullOrEmpty(part) || part.Length > MaxPartLength || part[0] == '.') return false;
        foreach (var c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')) return false;
        }

        return true;
    }

    /// <summary>Reads <c>role/env/name</c>; false when it is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobKey key)
    {
        var parts = text?.Split('/') ?? [];
        key = parts.Length == 3 && parts.All(IsValidPart) ? new(parts[0], parts[1], parts[2]) : default;
        return key != default;
    }

    /// <summary>Reads <c>role/env/name</c>.</summary>
    /// <exception cref="FormatException">The text is not a job key.</exception>
    public static JobKey Parse(string text) =>
        TryParse(text, out var key)
            ? key
            : throw new FormatException($"'{text}' is not a job key: expected role/env/name, each {PartRule}");

    /// <inheritdoc/>
    public int CompareTo(JobKey other)
    {
        var order = Compare(Role, other.Role, '/');
        if (order == 0) order = Compare(Environment, other.Environment, '/');
        return order != 0 ? order : Compare(Name, other.Name, '\0');
    }

    /// <summary>Orders parts as the written form does, in which <paramref name="end"/> follows each of them.</summary>
    private static int Compare(string? a, string? b, char end)
    {
        if (ReferenceEquals(a, b)) return 0;
        var same = a.AsSpan().CommonPrefixLength(b);
        if (same == a?.Length && same == b?.Length) return 0;
        return (same < a?.Length ? a[same] : end) - (same < b?.Length ? b[same] : end);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Role}/{Environment}/{Name}";

    /// <summary>Ordinal order of the written form.</summary>
    public static bool operator <(JobKey left, JobKey right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order of the written form.</summary>
    public static bool operator >(JobKey left, JobKey right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order of the written form.</summary>
    public static bool operator <=(JobKey left, JobKey right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order of the written form.</summary>
    public static bool operator >=(JobKey left, JobKey right) => left.CompareTo(right) >= 0;
}

internal sealed class JobKeyJsonConverter : JsonConverter<JobKey>
{
    public override JobKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobKey.TryParse(reader.GetString(), out var key) ? key : throw new JsonException("expected a job key: role/env/name");

    public override void Write(Utf8JsonWriter writer, JobKey value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
