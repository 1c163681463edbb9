using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>What a role is to have at least and at most.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal record QuotaAmountsBody
{
    /// <summary>What is kept available for the role; nothing when left out.</summary>
    public AmountsBody? Guarantee { get; init; }

    /// <summary>What the role never exceeds; a resource that is left out has no limit.</summary>
    public AmountsBody? Limit { get; init; }

    /// <summary>What jobs of the preferred tier may ask for in all: cpu, memory and disk. No bound when left out.</summary>
    public AmountsBody? Production { get; init; }

    public Quota ToQuota(BodyFindings findings, string path)
    {
        Guarantee?.Check(findings, $"{path}guarantee");
        Limit?.Check(findings, $"{path}limit");
        Production?.Check(findings, $"{path}production");
        var quota = new Quota
        {
            Guarantee = Guarantee?.ToResources() ?? Resources.None,
            Limit = Limit?.ToLimit() ?? ResourceLimit.None,
            Production = Production?.ToLimit(),
        };
        if (quota.Check() is { Code: "quota-guarantee-above-limit" } problem) findings.Add(problem, $"{path}guarantee");
        if (quota.Check() is { Code: "quota-production-incomplete" } incomplete) findings.Add(incomplete, $"{path}production");
        return quota;
    }
}

/// <summary>The quota and weight of a role from now on.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record QuotaBody : QuotaAmountsBody
{
    /// <summary>Its part among its siblings, above zero; stays as it is when left out.</summary>
    public double? Weight { get; init; }

    /// <summary>Whether a quota below what is in use, or above what the cell has, is accepted.</summary>
    public bool Force { get; init; }

    public Answer<RoleCommand> ToCommand(string operation, string role, string actor)
    {
        var findings = new BodyFindings();
        var setsQuota = Guarantee is not null || Limit is not null || Production is not null;
        var quota = setsQuota ? ToQuota(findings, "") : null;
        if (!setsQuota && Weight is null) findings.Add("required", "", "Name a guarantee, a limit, a production quota or a weight.");
        if (Weight is { } weight && RoleTree.CheckWeight(weight) is { } problem) findings.Add(problem, "weight");
        if (findings.ToProblem("invalid-quota") is { } refusal) return refusal;
        return new RoleCommand(operation, role, setsQuota, quota, Weight, Force, actor);
    }
}
