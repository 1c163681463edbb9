namespace OrleansScheduler.Core;

/// <summary>What the job file can say and this version cannot do: refused with what to use instead, never ignored.</summary>
internal static class JobSupport
{
    public static void Check(JobSpec spec, JobFindings findings)
    {
        Refuse(spec is { Gang: true, Schedule.Collision: CronCollision.Allow }, "collision",
            "Gangs side by side are not supported yet; use kill-existing or cancel-new.");
        Refuse(spec is { Update.SlaAware: true, Sla.Coordinator: not null }, "update.sla-aware",
            "Updates do not ask coordinators yet; name a percentage or a count.");

        void Refuse(bool isUsed, string path, string message)
        {
            if (isUsed) findings.Add(JobCode.NotSupportedYet, path, message);
        }
    }
}
