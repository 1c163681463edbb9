using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary><c>osched what-if</c>: tries changes on a copy of the cell.</summary>
internal static class WhatIfCommand
{
    private static readonly Listing<WhatIfView> Views = new(
        view => string.Join('\n', view.Jobs.Select(job => job.Job)), new Column<WhatIfView>("ANSWER", view => view.Summary));

    public static Verb Create(Shell shell)
    {
        var nodes = Arguments.Several(
            "--add-nodes", "Nodes to add: how many and what each has; @ starts an attribute", "n:amounts", ReadNodes);
        var drain = Arguments.Several("--drain", "A node to drain", "node", text => (Answer<string>)text);
        var scale = Arguments.Several("--scale", "A job with another number of instances", "job=n", ReadScale);
        var quota = Arguments.Several("--quota", "A role with another limit, or none", "role:amounts", ReadQuota);
        return new Verb(
            shell, "what-if", "Say what would happen; changes nothing. Every option may be given several times",
            "what-if --add-nodes 3:cpu=16,memory=64GiB,@rack=r9", "what-if --drain node-7",
            "what-if --scale shop/prod/web=40 --quota shop:cpu=100")
            .With(nodes, drain, scale, quota).Runs(async (session, cancellationToken) =>
            {
                var question = new WhatIf
                {
                    AddNodes = session.Value(nodes),
                    DrainNodes = session.Value(drain),
                    Scale = session.Value(scale),
                    Quotas = session.Value(quota),
                };
                if (question is { AddNodes: [], DrainNodes: [], Scale: [], Quotas: [] })
                    return session.Refuse("name a change to try: --add-nodes, --drain, --scale or --quota");
                var answer = await session.Client.AskWhatIfAsync(question, cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, Views, view => Outlook.Describe(session, view));
                return ExitCode.Ok;
            });
    }

    private static Answer<NodeTemplate> ReadNodes(string text)
    {
        var colon = text.IndexOf(':');
        if (colon < 0 || ReadCount(text[..colon], 1, WhatIf.MaxNodes) is not { } count)
            return Wrong(text, $"1 to {WhatIf.MaxNodes} nodes and what each has, such as 3:cpu=16,memory=64GiB");
        var parts = text[(colon + 1)..].Split(',').ToLookup(part => part.StartsWith('@'));
        var attributes = parts[true].Select(part => part[1..].Split('=', 2)).ToList();
        if (attributes.Exists(pair => pair is not [{ Length: > 0 }, { Length: > 0 }]))
            return Wrong(text, "attributes as @name=value, such as @rack=r9");
        var amounts = ResourceText.Parse(string.Join(',', parts[false]));
        if (amounts.Problem is { } problem) return problem;
        return new NodeTemplate(count, ResourceText.ToResources(amounts.Value), attributes.Count == 0
            ? null
            : attributes.GroupBy(pair => pair[0], pair => pair[1])
                .ToImmutableSortedDictionary(values => values.Key, values => values.ToImmutableArray()));
    }

    private static Answer<ScaleChange> ReadScale(string text)
    {
        if (text.Split('=') is [var name, var number] && JobKey.TryParse(name, out var job)
            && ReadCount(number, 0, JobLimits.MaxInstances) is { } instances)
            return new ScaleChange(job, instances);
        return Wrong(text, $"a job and 0 to {JobLimits.MaxInstances} instances, such as shop/prod/web=40");
    }

    private static Answer<QuotaChange> ReadQuota(string text)
    {
        if (text.Split(':') is not [{ Length: > 0 } role, var limit])
            return Wrong(text, "a role and its limit, such as shop:cpu=100, or shop:none");
        if (limit == "none") return new QuotaChange(role, null);
        var amounts = ResourceText.Parse(limit);
        return amounts.Problem is { } problem ? problem : new QuotaChange(role, new Quota { Limit = amounts.Value });
    }

    private static int? ReadCount(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= least && count <= most
            ? count
            : null;

    private static Problem Wrong(string text, string expected) =>
        Problem.Of(ProblemKind.Malformed, "bad-option", $"'{text}': expected {expected}");
}
