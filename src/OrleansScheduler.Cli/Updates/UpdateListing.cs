namespace OrleansScheduler.Cli;

/// <summary>How updates look in tables and one by one.</summary>
internal static class UpdateListing
{
    /// <summary>The columns of what came of a command.</summary>
    public static readonly Listing<UpdateReceipt> Receipts = new(
        receipt => receipt.Key.ToString(), new("JOB", receipt => receipt.Key.ToString()), new("UPDATE", receipt => $"{receipt.Update}"),
        new("STATUS", receipt => Status(receipt.Status)), new("MESSAGE", receipt => receipt.Message));

    private static readonly Listing<UpdateEvent> Events = new(
        line => line.Status ?? $"{line.Action}",
        new("AT", line => line.At.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)),
        new("WHAT", What),
        new("INSTANCES", line => line.Instances.ToString()),
        new("MESSAGE", line => line.Message));

    private static Field What(UpdateEvent line) => line switch
    {
        { Status: { } status } => Status(status),
        { Action: null } => new("sla"),
        { Action: UpdateAction.InstanceUpdated or UpdateAction.InstanceRolledBack } => new(Words.Of(line.Action), Tone.Good),
        { Action: UpdateAction.InstanceUpdateFailed or UpdateAction.InstanceRollbackFailed } => new(Words.Of(line.Action), Tone.Bad),
        _ => new(Words.Of(line.Action)),
    };

    /// <summary>The columns of a list of updates.</summary>
    public static Listing<UpdateView> For(Session session) => new(
        update => $"{update.Job}",
        new("JOB", update => update.Job.ToString()),
        new("UPDATE", update => $"{update.FromVersion} → {update.ToVersion}"),
        new("STATUS", update => Status(update.Status)),
        new("DONE", update => $"{update.Done}/{update.Total}"),
        new("STARTED", update => session.Age(update.StartedAt)),
        new("BY", update => update.Actor),
        new("TOOK", update => update.EndedAt is { } ended ? Words.Of(ended - update.StartedAt) : "", WideOnly: true),
        new("MESSAGE", update => update.Message, WideOnly: true));

    /// <summary>One update for people.</summary>
    public static void Describe(Session session, UpdateView update)
    {
        var printer = session.Printer;
        printer.Facts(
            ("Job", update.Job.ToString()),
            ("Update", $"version {update.FromVersion} → {update.ToVersion}"),
            ("Status", Status(update.Status)),
            ("Why", update.Message),
            ("Done", $"{update.Done} of {update.Total}"),
            ("In flight", update.InFlight.ToString()),
            ("Failed", new(update.Failed.ToString(), Tone.Bad)),
            ("Last pulse", update.LastPulse is { } pulse ? $"{session.Age(pulse)} ago" : ""),
            ("Started", $"{session.Age(update.StartedAt)} ago{(update.Actor is null ? "" : $" by {update.Actor}")}"),
            ("Ended", update.EndedAt is { } ended ? $"{session.Age(ended)} ago" : ""));
        if (update.Events.IsEmpty) return;
        printer.Text("");
        printer.Table(update.Events, Events);
    }

    /// <summary>A status, coloured by how it goes.</summary>
    public static Field Status(string? status) => new(status ?? "", status switch
    {
        "ROLLED_FORWARD" => Tone.Good,
        "ROLLED_BACK" or "FAILED" or "ABORTED" or "ERROR" => Tone.Bad,
        _ => Tone.Busy,
    });
}
