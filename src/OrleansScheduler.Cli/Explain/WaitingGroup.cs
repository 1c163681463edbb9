using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>Prints why equal instances wait, or would wait.</summary>
internal static class WaitingGroup
{
    private const int VictimsShown = 5;

    private static readonly Listing<ReasonCount> Reasons = new(
        reason => reason.Code, new("NODES", reason => $"{reason.Nodes}"), new("REASON", reason => reason.Message));

    public static void Describe(Session session, PendingGroup group)
    {
        session.Printer.Facts(
            ("Waiting", Waiting(session, group)),
            ("Each needs", group.Ports > 0 ? $"{group.Request}, {Words.Count(group.Ports, "port")}" : group.Request.ToString()),
            ("In the queue", group.Position > 0 ? $"place {group.Position}" : ""),
            ("Held back", new(group.Held?.Message ?? "", Tone.Bad)),
            ("Nearest", group.Nearest is { } near ? $"{near.Node}: needs {near.Dimension} {near.Need}, has {near.Have}" : ""),
            ("Role", group.Role is { } role ? Standing(role) : ""),
            ("Quota", group.Role is { Quota: { } quota } of ? Quota(quota, of.Consumed) : ""),
            ("Preemption", group.Preemption is { } proposal ? Preemption(proposal) : ""),
            ("Starts by", group.EstimatedStart is { } start ? Start(session, start) : ""));
        if (!group.Reasons.IsEmpty) session.Printer.Table(group.Reasons, Reasons);
    }

    private static string Waiting(Session session, PendingGroup group)
    {
        var age = session.Age(group.Since);
        return $"{Words.Count(group.Waiting, "instance")} of version {group.Version}{(age.Length > 0 ? $", for {age}" : "")}";
    }

    private static string Standing(RoleStanding role)
    {
        var place = role.Position > 0 ? $"place {role.Position} of those that wait, " : "";
        return $"{role.Role}: {place}share {Words.Percent(role.Share)} at weight {Words.Number(role.Weight)}, has {role.Allocated}";
    }

    private static string Quota(Quota quota, Resources consumed) =>
        $"limit {ResourceText.Format(quota.Limit)}; guaranteed {quota.Guarantee}; counts {consumed}";

    private static string Preemption(PreemptionProposal proposal)
    {
        var more = proposal.Victims.Length - VictimsShown;
        var victims = string.Join(", ", proposal.Victims.Take(VictimsShown)) + (more > 0 ? $" and {more} more" : "");
        var lost = proposal.LostCpuSeconds.ToString("0", CultureInfo.InvariantCulture);
        return $"would stop {Words.Count(proposal.Victims.Length, "task")} on {proposal.Node}: {victims}; {lost} cpu-seconds of work lost";
    }

    private static string Start(Session session, DateTimeOffset start)
    {
        var time = start.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return start > session.Now ? $"{time} UTC, in {Words.Of(start - session.Now)}" : $"{time} UTC";
    }
}
