using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>What is left running of services that have no SLA of their own: a percentage or a count of instances.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SlaBody
{
    /// <summary>Share of the instances, 0 to 100.</summary>
    public double? Percentage { get; init; }

    /// <summary>Number of instances.</summary>
    public int? Count { get; init; }

    /// <summary>How long an instance must have run to count, such as 30m. That is also the default.</summary>
    public string? Duration { get; init; }

    public SlaPolicy ToPolicy(BodyFindings findings, string path)
    {
        if (Percentage is null == Count is null)
            findings.Add("sla-kind", path, "An SLA names either a percentage or a count of instances.");
        if (Percentage is { } percentage && !(percentage >= 0 && percentage <= 100))
            findings.Add("out-of-range", $"{path}.percentage", "This must be between 0 and 100.");
        if (Count is { } count) findings.Range(count, 0, JobLimits.MaxInstances, $"{path}.count");
        var duration = DrainBody.ReadDuration(Duration, $"{path}.duration", findings) ?? SlaPolicy.DefaultDuration;
        return new SlaPolicy(Percentage, Count, duration);
    }
}

/// <summary>How a node is drained. Without any of it: at once, whatever SLAs say.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal record DrainBody
{
    /// <summary>What is left running of services that have no SLA of their own; nothing when left out.</summary>
    public SlaBody? Sla { get; init; }

    /// <summary>How long after the node begins to drain what is left is stopped by force, such as 1h; never when left out.</summary>
    public string? Deadline { get; init; }

    /// <summary>Whether everything is stopped at once, whatever SLAs say.</summary>
    public bool Force { get; init; }

    public static TimeSpan? ReadDuration(string? text, string path, BodyFindings findings)
    {
        if (text is null) return null;
        if (Units.ParseDuration(text) is { Problem: null } duration && duration.Value >= TimeSpan.Zero
            && duration.Value <= MaintenanceMachine.Longest)
            return duration.Value;
        findings.Add("bad-quantity", path, "This must be a time such as 30m or 1h.");
        return null;
    }

    /// <summary>What is wanted; a body that says nothing about SLAs does not mind them.</summary>
    public static Answer<MaintenanceRequest> ToRequest(DrainBody? body)
    {
        var request = Read(body, out var findings);
        if (findings.ToProblem("invalid-drain") is { } problem) return problem;
        return body is null or { Sla: null, Deadline: null } ? request with { Force = true } : request;
    }

    protected static MaintenanceRequest Read(DrainBody? body, out BodyFindings findings)
    {
        findings = new BodyFindings();
        return new MaintenanceRequest
        {
            DefaultSla = body?.Sla?.ToPolicy(findings, "sla"),
            DeadlineAfter = ReadDuration(body?.Deadline, "deadline", findings),
            Force = body?.Force ?? false,
        };
    }
}

/// <summary>When a node is to be drained, and how. SLAs count unless it is forced.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ScheduleBody : DrainBody
{
    /// <summary>When the node begins to drain; when left out, as soon as somebody drains it.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When it is back in service by itself; never when left out.</summary>
    public DateTimeOffset? Until { get; init; }

    public static Answer<MaintenanceRequest> ToRequest(ScheduleBody? body)
    {
        var request = Read(body, out var findings);
        if (findings.ToProblem("invalid-schedule") is { } problem) return problem;
        return request with { From = body?.From, Until = body?.Until };
    }
}
