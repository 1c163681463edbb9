using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>Changes to try without making them.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record WhatIfBody
{
    private const int MaxAttributes = 64;

    /// <summary>Nodes to add.</summary>
    public ImmutableArray<NodeTemplateBody>? AddNodes { get; init; }

    /// <summary>Ids of nodes to drain.</summary>
    public ImmutableArray<string>? DrainNodes { get; init; }

    /// <summary>Jobs with another number of instances.</summary>
    public ImmutableArray<ScaleChangeBody>? Scale { get; init; }

    /// <summary>Roles with another quota.</summary>
    public ImmutableArray<QuotaChangeBody>? Quotas { get; init; }

    /// <summary>Specs to submit.</summary>
    public ImmutableArray<JobSpec>? Jobs { get; init; }

    /// <summary>The question, or everything that is wrong with it.</summary>
    public Answer<WhatIf> ToQuestion()
    {
        var findings = new BodyFindings();
        var question = new WhatIf
        {
            AddNodes = ReadNodes(findings),
            DrainNodes = [.. findings.Each(DrainNodes, "drainNodes", node => node).Select(node =>
            {
                findings.Part(node.Item, node.Path);
                return node.Item;
            })],
            Scale = [.. findings.Each(Scale, "scale", change => change.Job).Select(change =>
            {
                findings.Range(change.Item.Instances, 0, JobLimits.MaxInstances, $"{change.Path}.instances");
                return new ScaleChange(change.Item.Job, change.Item.Instances);
            })],
            Quotas = [.. findings.Each(Quotas, "quotas", change => change.Role ?? "").Select(change => new QuotaChange(
                findings.Role(change.Item.Role, $"{change.Path}.role"), change.Item.Quota?.ToQuota(findings, $"{change.Path}.quota.")))],
            Jobs = [.. findings.Each(Jobs, "jobs", spec => spec.Key).Select(spec =>
            {
                foreach (var error in JobRules.Check(spec.Item)) findings.Add(error, spec.Path);
                return spec.Item;
            })],
        };
        return findings.ToProblem("invalid-what-if") is { } problem ? problem : question;
    }

    private ImmutableArray<NodeTemplate> ReadNodes(BodyFindings findings)
    {
        var templates = ImmutableArray.CreateBuilder<NodeTemplate>();
        var total = 0L;
        foreach (var (template, path) in findings.Each(AddNodes, "addNodes"))
        {
            findings.Range(template.Count, 1, WhatIf.MaxNodes, $"{path}.count");
            (template.Capacity ?? new()).CheckSome(findings, $"{path}.capacity");
            CheckAttributes(template.Attributes, findings, $"{path}.attributes");
            var capacity = template.Capacity?.ToResources() ?? Resources.None;
            if (IsMoreThanCounts(template.Count, capacity))
                findings.Add("arithmetic-overflow", $"{path}.capacity", $"{template.Count} nodes of this are more than can be counted.");
            templates.Add(new(template.Count, capacity, template.Attributes));
            total += template.Count;
        }

        if (total > WhatIf.MaxNodes) findings.Add("above-maximum", "addNodes", $"These are more than {WhatIf.MaxNodes} nodes.");
        return templates.ToImmutable();
    }

    private static bool IsMoreThanCounts(int count, in Resources each)
    {
        var largest = Math.Max(Math.Max(each.CpuMillis, each.GpuMillis), Math.Max(each.MemoryMiB, each.DiskMiB));
        return (Int128)largest * count > BodyFindings.MaxAmount;
    }

    private static void CheckAttributes(
        ImmutableSortedDictionary<string, ImmutableArray<string>>? attributes, BodyFindings findings, string path)
    {
        if (attributes is null) return;
        if (attributes.Count > MaxAttributes) findings.Add("above-maximum", path, $"A node has at most {MaxAttributes} attributes.");
        foreach (var (name, values) in attributes.Take(MaxAttributes))
        {
            var usable = !values.IsDefaultOrEmpty && values.Length <= MaxAttributes
                && values.All(value => value is { Length: > 0 and <= JobLimits.MaxTextLength });
            if (!JobKey.IsValidPart(name) || !usable)
                findings.Add("bad-attribute", path, $"Each attribute has a name, {JobKey.PartRule}, and 1 to {MaxAttributes} values.");
        }
    }
}

/// <summary>Equal nodes to add.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record NodeTemplateBody
{
    /// <summary>How many.</summary>
    public required int Count { get; init; }

    /// <summary>What each has.</summary>
    public required AmountsBody? Capacity { get; init; }

    /// <summary>Facts about each that constraints are checked against.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Attributes { get; init; }
}

/// <summary>A job with another number of instances.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ScaleChangeBody
{
    /// <summary>The job.</summary>
    public required JobKey Job { get; init; }

    /// <summary>The number of instances.</summary>
    public required int Instances { get; init; }
}

/// <summary>A role with another quota.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record QuotaChangeBody
{
    /// <summary>The role.</summary>
    public required string? Role { get; init; }

    /// <summary>The quota; left out to try it without one.</summary>
    public QuotaAmountsBody? Quota { get; init; }
}
