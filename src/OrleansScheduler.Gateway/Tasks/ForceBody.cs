using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>The status that a task is moved to.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ForceBody
{
    /// <summary>Name of the status, such as LOST.</summary>
    public required string Status { get; init; }

    /// <summary>The status, or what is wrong with its name.</summary>
    public static Answer<ScheduleStatus> Read(ForceBody body)
    {
        var known = Enum.GetValues<ScheduleStatus>();
        foreach (var status in known)
        {
            if (string.Equals(status.ToName(), body.Status, StringComparison.OrdinalIgnoreCase)) return status;
        }

        var message = $"There is no such status; it is one of {string.Join(", ", known.Select(status => status.ToName()))}.";
        return new Problem(ProblemKind.Invalid, "unknown-status", message, [new("unknown-value", "status", message, 0, 0, 0)]);
    }
}
