namespace OrleansScheduler.Chaos;

/// <summary>S23: each time of the schedule has one complete run, or the job says that it has none.</summary>
internal static class CronCheck
{
    /// <summary>Seconds in which a run is to begin while nothing is broken.</summary>
    private const double Allowed = 5;

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Final?.Jobs.GetValueOrDefault(WorkloadJob.Cron.Key) is not { Cron: { } cron } job) return (0, []);
        double[] due = [.. Due(evidence.At(job.CreatedAt), evidence.At(cron.DecidedUntil), evidence)];
        var faults = FaultWindow.Of(evidence.History);
        var drains = DrainWindow.Of(evidence.History);
        WitnessLine[] lines = [.. evidence.Witness.Where(line => line.Attempt.Job == WorkloadJob.Cron.Key)];
        double[] starts = [.. lines.Where(line => line.Kind == WitnessKind.Start).Select(line => line.At).Order()];
        WitnessLine[] exits = [.. lines.Where(line => line.Kind == WitnessKind.Exit)];
        return (due.Length, [.. Decided(), .. Complete(), .. Late()]);

        IEnumerable<string> Decided()
        {
            var decided = cron.Started + cron.PassedOver + cron.Missed + cron.Backlog.Length + (cron.Waiting is null ? 0 : 1);
            if (decided != due.Length)
            {
                yield return $"{due.Length} times have come, {decided} are decided: {cron.Started} runs, {cron.PassedOver} passed over, "
                    + $"{cron.Missed} missed, {cron.Backlog.Length} to be made up for";
            }
        }

        IEnumerable<string> Complete()
        {
            var killed = evidence.Killed.Count(attempt => attempt.Job == WorkloadJob.Cron.Key);
            if (exits.Length + killed + cron.Active.Length < cron.Started)
            {
                yield return $"{cron.Started} runs, of which {cron.Active.Length} go, {killed} were killed and {exits.Length} have come to "
                    + "their end";
            }

            // Who is killed between his last word and his end runs again.
            var certain = exits.Count(exit => !faults.Any(fault => fault.Explains(exit.Node, exit.At))
                && !drains.Any(drain => drain.Explains(exit.Node, exit.At)));
            if (certain > cron.Started) yield return $"{cron.Started} runs have come to {certain} ends";
        }

        IEnumerable<string> Late() =>
            from time in due
            where !faults.Any(fault => fault.From <= time + Allowed && time <= fault.To + FaultWindow.Late)
            where !starts.Any(start => time - 1 <= start && start <= time + Allowed)
            select $"nothing had been started {Allowed:0} s after {time:0.00}, though nothing was broken";
    }

    /// <summary>The times of the schedule behind one moment and up to another, by the clock of the run.</summary>
    private static IEnumerable<double> Due(double after, double until, Evidence evidence)
    {
        var zero = evidence.Zero.ToUnixTimeMilliseconds() / 1000.0;
        for (var time = (Math.Floor((after + zero) / WorkloadJob.CronPeriod) + 1) * WorkloadJob.CronPeriod;
            time - zero <= until + BootClock.Grain; time += WorkloadJob.CronPeriod) yield return time - zero;
    }
}
