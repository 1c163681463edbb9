using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>Instances that follow each other, as <c>3-5</c> or <c>7</c>.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; not less.</param>
[GenerateSerializer, Immutable, Alias("osched.InstanceRange")]
public readonly record struct InstanceRange([property: Id(0)] int First, [property: Id(1)] int Last)
{
    /// <summary>How many there are.</summary>
    public int Count => Last - First + 1;

    /// <summary>Reads <c>3-5</c> or <c>7</c>; false when it is anything else.</summary>
    public static bool TryParse(string? text, out InstanceRange range)
    {
        range = default;
        var dash = text?.IndexOf('-') ?? -1;
        var (first, last) = dash < 0 ? (text, text) : (text![..dash], text[(dash + 1)..]);
        if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)) return false;
        if (!int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to) || to < from) return false;
        range = new(from, to);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}

/// <summary>Some instances of a job, as ranges in order: instances mostly do alike, so a set of thousands is a few ranges.</summary>
[GenerateSerializer, Immutable, Alias("osched.InstanceSet")]
[JsonConverter(typeof(InstanceSetJsonConverter))]
public readonly record struct InstanceSet
{
    [Id(0)] private readonly ImmutableArray<InstanceRange> _ranges;

    private InstanceSet(ImmutableArray<InstanceRange> ranges) => _ranges = ranges;

    /// <summary>No instance.</summary>
    public static InstanceSet Empty { get; } = new([]);

    /// <summary>The ranges: in order, apart from each other.</summary>
    public ImmutableArray<InstanceRange> Ranges => _ranges.IsDefault ? [] : _ranges;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Ranges.IsEmpty;

    /// <summary>How many there are.</summary>
    public int Count => Ranges.Sum(range => range.Count);

    /// <summary>The highest; -1 when there is none.</summary>
    public int Max => IsEmpty ? -1 : Ranges[^1].Last;

    /// <summary>The instances of one range; none when it ends before it begins.</summary>
    public static InstanceSet Between(int first, int last) => last < first ? Empty : new([new(first, last)]);

    /// <summary>The instances of ranges in any order, which may overlap.</summary>
    public static InstanceSet Of(IEnumerable<InstanceRange> ranges)
    {
        var merged = ImmutableArray.CreateBuilder<InstanceRange>();
        foreach (var range in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            else merged.Add(range);
        }

        return new(merged.DrainToImmutable());
    }

    /// <summary>Instances in any order.</summary>
    public static InstanceSet Of(IEnumerable<int> instances) => Of(instances.Select(instance => new InstanceRange(instance, instance)));

    /// <summary>Whether the instance is one of them.</summary>
    public bool Contains(int instance)
    {
        var ranges = Ranges;
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (instance < ranges[middle].First) high = middle - 1;
            else if (instance > ranges[middle].Last) low = middle + 1;
            else return true;
        }

        return false;
    }

    /// <summary>These and the others.</summary>
    public InstanceSet Union(InstanceSet other) =>
        IsEmpty ? other : other.IsEmpty ? this : Of(Ranges.Concat(other.Ranges));

    /// <summary>Those of these that are also among the others.</summary>
    public InstanceSet Intersect(InstanceSet other)
    {
        var both = ImmutableArray.CreateBuilder<InstanceRange>();
        var (a, b) = (Ranges, other.Ranges);
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            var range = new InstanceRange(Math.Max(a[i].First, b[j].First), Math.Min(a[i].Last, b[j].Last));
            if (range.First <= range.Last) both.Add(range);
            if (a[i].Last < b[j].Last) i++;
            else j++;
        }

        return new(both.DrainToImmutable());
    }

    /// <summary>Those of these that are not among the others.</summary>
    public InstanceSet Except(InstanceSet other)
    {
        var gaps = ImmutableArray.CreateBuilder<InstanceRange>();
        var from = 0;
        foreach (var range in other.Ranges)
        {
            if (range.First > from) gaps.Add(new(from, range.First - 1));
            from = range.Last + 1;
        }

        gaps.Add(new(from, int.MaxValue));
        return Intersect(new(gaps.DrainToImmutable()));
    }

    /// <summary>One instance after the other, in order.</summary>
    public IEnumerable<int> Each()
    {
        foreach (var range in Ranges)
        {
            for (var instance = range.First; instance <= range.Last; instance++) yield return instance;
        }
    }

    /// <inheritdoc/>
    public bool Equals(InstanceSet other) => Ranges.AsSpan().SequenceEqual(other.Ranges.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Ranges.Length, Max);

    /// <summary>As <c>0-3, 5</c>.</summary>
    public override string ToString() => string.Join(", ", Ranges);
}

/// <summary>A set of instances is a list of texts: <c>["0-3", "5"]</c>.</summary>
internal sealed class InstanceSetJsonConverter : JsonConverter<InstanceSet>
{
    public override InstanceSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var texts = JsonSerializer.Deserialize<string[]>(ref reader, options) ?? throw new JsonException("expected a list of ranges");
        return InstanceSet.Of(texts.Select(text =>
            InstanceRange.TryParse(text, out var range) ? range : throw new JsonException($"'{text}' is not a range of instances")));
    }

    public override void Write(Utf8JsonWriter writer, InstanceSet value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var range in value.Ranges) writer.WriteStringValue(range.ToString());
        writer.WriteEndArray();
    }
}
