namespace OrleansScheduler.Cli;

/// <summary>How well a job was served, for people.</summary>
internal static class JobSlaText
{
    public static readonly Listing<JobSlaView> Listing = new(sla => sla.Job.ToString());

    public static void Describe(Session session, JobSlaView sla)
    {
        var from = sla.At - TimeSpan.FromSeconds(sla.WindowSeconds);
        session.Printer.Facts(
            ("Job", sla.Job.ToString()),
            ("Window", Words.Of(TimeSpan.FromSeconds(sla.WindowSeconds))),
            ("Known for", sla.KnownSince > from ? $"{Words.Of(sla.At - sla.KnownSince)}: tasks had more events than they keep" : ""),
            ("Platform uptime", $"{Words.Number(sla.PlatformUptimePercent)} %"),
            ("Job uptime", string.Join(", ", sla.JobUptimeSeconds.Select(u => $"{u.Key} % for {Words.Of(TimeSpan.FromSeconds(u.Value))}"))),
            ("Time to a node", $"{Words.Number(sla.MttaMs)} ms"),
            ("Time to start", $"{Words.Number(sla.MttsMs)} ms"),
            ("Time to run", $"{Words.Number(sla.MttrMs)} ms"));
    }
}
