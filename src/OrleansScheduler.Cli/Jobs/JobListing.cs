namespace OrleansScheduler.Cli;

/// <summary>How jobs look in tables and one by one.</summary>
internal static class JobListing
{
    /// <summary>The columns of a list of jobs.</summary>
    public static Listing<JobView> For(Session session) => new(
        job => job.Key.ToString(),
        new("JOB", job => job.Key.ToString()),
        new("TYPE", job => job.Type.ToString().ToLowerInvariant()),
        new("PHASE", job => Words.Of(job.Phase)),
        new("TASKS", job => Words.CountsOf(job)),
        new("VERSION", job => $"{job.Version}"),
        new("CHANGED", job => session.Age(job.ChangedAt)),
        new("INSTANCES", job => $"{job.Instances}", WideOnly: true),
        new("PRIORITY", job => $"{job.Spec.Priority}", WideOnly: true),
        new("EACH", job => job.Spec.Task.Resources.ToString(), WideOnly: true),
        new("CREATED", job => session.Age(job.CreatedAt), WideOnly: true));

    /// <summary>One job for people, with the tasks that are worth a look.</summary>
    public static void Describe(Session session, JobView job, IReadOnlyCollection<TaskView> tasks)
    {
        var printer = session.Printer;
        printer.Facts(
            ("Job", $"{job.Key} ({job.Type.ToString().ToLowerInvariant()})"),
            ("Phase", Words.Of(job.Phase)),
            ("Waits for", string.Join(", ", job.WaitsFor)),
            ("Ended", job.EndReason ?? ""),
            ("Scale", ScaleOf(job)),
            ("Version", $"{job.Version}"),
            ("Instances", job.Counts.IsEmpty ? $"{job.Instances}" : $"{job.Instances}: {Words.CountsOf(job)}"),
            ("Each", job.Spec.Task.Resources.ToString()),
            ("Update", UpdateOf(job.Update)),
            ("Schedule", job.Spec.Schedule is { } schedule ? $"{schedule.Expression} ({schedule.TimeZone}), see osched cron status" : ""),
            ("Changed", $"{session.Age(job.ChangedAt)} ago"),
            ("Created", $"{session.Age(job.CreatedAt)} ago"));
        if (tasks.Count == 0) return;
        printer.Text("");
        printer.Table(tasks, TaskListing.OfOneJob(session));
        var more = job.Counts.Values.Sum() - tasks.Count;
        if (more <= 0) return;
        printer.Text(new($"… and {more} more: osched task list {job.Key}", Tone.Faint));
    }

    private static Field ScaleOf(JobView job)
    {
        if (job.Spec.Scale is not { } scale) return "";
        var text = $"{scale.Min} to {scale.Max}, {Words.Number(scale.Value)} of {scale.Metric} each";
        return job.ScaleFailure is { } failure ? new Field($"{text} ({failure})", Tone.Bad) : text;
    }

    private static Field UpdateOf(UpdateView? update)
    {
        if (update is null) return "";
        var why = update.Message is null ? "" : $" ({update.Message})";
        var text = $"version {update.FromVersion} → {update.ToVersion}: {update.Status}, {update.Done} of {update.Total} done{why}";
        return UpdateListing.Status(update.Status) with { Text = text };
    }
}
