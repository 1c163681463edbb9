using System.Text.Json.Serialization;

namespace OrleansScheduler.Cli;

/// <summary>What a simulation found. Rates, times and counts are those of its own load.</summary>
internal sealed record SimulationReport
{
    public required int Nodes { get; init; }

    public required long Jobs { get; init; }

    public required long Tasks { get; init; }

    /// <summary>Instances made durable as RUNNING, by the seconds from the first submit to the last of them.</summary>
    public required double RunningPerSecond { get; init; }

    /// <summary>The same for those that finished.</summary>
    public required double FinishedPerSecond { get; init; }

    /// <summary>From just before the submit until the cell had made RUNNING durable; null when nothing ran.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Percentiles? TimeToRunningMs { get; init; }

    /// <summary>From just before a submit until its answer: it is durable; null when nothing was submitted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Percentiles? SubmitMs { get; init; }

    /// <summary>Instances that neither run nor finished, and that the cell does not say to wait either.</summary>
    public required long Lost { get; init; }

    /// <summary>Instances that ran in two places at once, and attempts that were started twice.</summary>
    public required long Duplicated { get; init; }

    /// <summary>Instances that wait in the cell at the end.</summary>
    public required long Waiting { get; init; }

    /// <summary>Jobs that the cell refused.</summary>
    public required long RefusedJobs { get; init; }

    /// <summary>Attempts that failed, as the model wanted.</summary>
    public required long FailedAttempts { get; init; }

    /// <summary>Commands that nodes refused: repeated, or from an owner that had been replaced.</summary>
    public required long RefusedCommands { get; init; }

    public required PackingFigures Packing { get; init; }

    /// <summary>Jain's index of the roles' dominant shares over time: 1 when all had the same, 1/n when one had all.</summary>
    public required double Fairness { get; init; }

    /// <summary>What the control plane wrote to disk, by task; null when it cannot be seen from here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? BytesWrittenPerTask { get; init; }

    /// <summary>Processor time of the control plane while load came; null when it cannot be seen from here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? ControlPlaneCpuSeconds { get; init; }

    /// <summary>The same by task, in microseconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? ControlPlaneCpuMicrosPerTask { get; init; }

    /// <summary>Resident memory of the control plane at the end; null when it cannot be seen from here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long? ControlPlaneMemoryBytes { get; init; }

    /// <summary>Processor time of this process meanwhile: agents and submitters.</summary>
    public required double SimulatorCpuSeconds { get; init; }

    public required double WallSeconds { get; init; }

    public required int Seed { get; init; }

    /// <summary>For people.</summary>
    public void Print(Printer printer) => printer.Facts(
        ("nodes", $"{Nodes}"),
        ("jobs", $"{Jobs}, {Tasks} tasks"),
        ("running", $"{RunningPerSecond:0} tasks/s"),
        ("finished", FinishedPerSecond > 0 ? $"{FinishedPerSecond:0} tasks/s" : ""),
        ("submit to running", TimeToRunningMs?.ToString() ?? ""),
        ("submit to durable", SubmitMs?.ToString() ?? ""),
        ("lost", new Field($"{Lost}", Lost == 0 ? Tone.Good : Tone.Bad)),
        ("duplicated", new Field($"{Duplicated}", Duplicated == 0 ? Tone.Good : Tone.Bad)),
        ("waiting", Waiting == 0 ? "" : $"{Waiting}"),
        ("refused jobs", RefusedJobs == 0 ? "" : new Field($"{RefusedJobs}", Tone.Bad)),
        ("failed attempts", FailedAttempts == 0 ? "" : $"{FailedAttempts}"),
        ("refused commands", RefusedCommands == 0 ? "" : $"{RefusedCommands}"),
        ("packing", $"{Packing.Resource}: {100 * Packing.Peak:0.0} % at most, {100 * Packing.Mean:0.0} % in the mean"),
        ("fairness", $"{Fairness:0.000}"),
        ("written", BytesWrittenPerTask is { } bytes ? $"{bytes:0} bytes a task" : "unknown"),
        ("control plane", ControlPlaneCpuSeconds is { } cpu
            ? $"{cpu:0.00} s of cpu, {ControlPlaneCpuMicrosPerTask:0} µs a task"
                + (ControlPlaneMemoryBytes is { } memory ? $", {memory / (1024 * 1024)} MiB" : "")
            : "unknown"),
        ("simulator", $"{SimulatorCpuSeconds:0.00} s of cpu"),
        ("took", $"{WallSeconds:0.0} s"));
}

/// <summary>How full the nodes were, by the resource of which the largest part was used.</summary>
/// <param name="Resource">Which.</param>
/// <param name="Peak">Largest part that was used, 0 to 1.</param>
/// <param name="Mean">Mean over the time in which anything ran.</param>
internal sealed record PackingFigures(string Resource, double Peak, double Mean);

/// <summary>What of many times is told, in milliseconds.</summary>
internal sealed record Percentiles(double P50, double P99, double Max)
{
    /// <summary>Of a list, which is sorted; null when it is empty.</summary>
    public static Percentiles? Of(List<float> times)
    {
        if (times.Count == 0) return null;
        times.Sort();
        return new(At(0.5), At(0.99), Math.Round(times[^1], 3));

        double At(double share) => Math.Round(times[Math.Min(times.Count - 1, (int)(share * times.Count))], 3);
    }

    /// <inheritdoc/>
    public override string ToString() => $"p50 {P50:0.0} ms, p99 {P99:0.0} ms, at most {Max:0.0} ms";
}
