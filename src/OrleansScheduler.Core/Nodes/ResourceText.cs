namespace OrleansScheduler.Core;

/// <summary>Reads amounts of resources as people write them on one line: <c>cpu=4,memory=16GiB</c>.</summary>
public static class ResourceText
{
    private const string Form = "write cpu=4,memory=16GiB,disk=100GiB,gpus=1, or some of them";

    /// <summary>Reads the amounts; a dimension that is not named is null.</summary>
    /// <returns>Amounts of zero or more, at least one of them, or what is wrong with the text.</returns>
    public static Answer<ResourceLimit> Parse(string text)
    {
        var limit = ResourceLimit.None;
        foreach (var part in text.Split(','))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is not [var name, { Length: > 0 } value])
                return Bad(JobCode.BadQuantity, $"{FieldWords.Show(part)} is not an amount of a resource; {Form}.");
            if (Find(name, limit) is not { } dimension)
                return Bad(JobCode.UnknownField, $"There is no resource {FieldWords.Show(name)} here; {Form}.");
            if (dimension.Known is not null) return Bad(JobCode.DuplicateKey, $"{name} stands there twice; keep one.");
            var amount = dimension.Parse(value);
            if (amount.Problem is { } problem) return Bad(problem.Code, $"{name}: {problem.Message}");
            if (amount.Value < 0) return Bad(JobCode.BelowMinimum, $"{name} must be at least 0, not {FieldWords.Show(value)}.");
            limit = dimension.With(amount.Value);
        }

        return limit;
    }

    /// <summary>The amounts without those that are null, such as <c>cpu 10, memory 64GiB</c>; <c>none</c> when all are.</summary>
    public static string Format(in ResourceLimit limit)
    {
        var parts = new List<string>(4);
        if (limit.CpuMillis is { } cpu) parts.Add($"cpu {Units.FormatMillis(cpu)}");
        if (limit.MemoryMiB is { } memory) parts.Add($"memory {Units.FormatMiB(memory)}");
        if (limit.DiskMiB is { } disk) parts.Add($"disk {Units.FormatMiB(disk)}");
        if (limit.GpuMillis is { } gpus) parts.Add($"gpus {Units.FormatMillis(gpus)}");
        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }

    /// <summary>The amounts, zero for those that are null.</summary>
    public static Resources ToResources(in ResourceLimit amounts) =>
        new(amounts.CpuMillis ?? 0, amounts.MemoryMiB ?? 0, amounts.DiskMiB ?? 0, amounts.GpuMillis ?? 0);

    private static (long? Known, Func<string, Answer<long>> Parse, Func<long, ResourceLimit> With)? Find(
        string name, ResourceLimit limit) => name switch
        {
            "cpu" => (limit.CpuMillis, Units.ParseMillis, amount => limit with { CpuMillis = amount }),
            "memory" => (limit.MemoryMiB, Units.ParseMiB, amount => limit with { MemoryMiB = amount }),
            "disk" => (limit.DiskMiB, Units.ParseMiB, amount => limit with { DiskMiB = amount }),
            "gpus" => (limit.GpuMillis, Units.ParseMillis, amount => limit with { GpuMillis = amount }),
            _ => null,
        };

    private static Problem Bad(string code, string message) => Problem.Of(ProblemKind.Invalid, code, message);
}
