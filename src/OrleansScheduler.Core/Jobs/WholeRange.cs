namespace OrleansScheduler.Core;

/// <summary>The whole numbers that a field accepts.</summary>
/// <param name="Min">Smallest.</param>
/// <param name="Max">Largest.</param>
internal readonly record struct WholeRange(int Min, int Max)
{
    public static readonly WholeRange Instances = new(1, JobLimits.MaxInstances);
    public static readonly WholeRange Priority = new(JobLimits.MinPriority, JobLimits.MaxPriority);
    public static readonly WholeRange Successes = new(1, 1000);
    public static readonly WholeRange Failures = new(0, 1_000_000);
    public static readonly WholeRange LimitCount = new(1, JobLimits.MaxInstances);
    public static readonly WholeRange Skew = new(1, JobLimits.MaxInstances);
    public static readonly WholeRange SetItems = new(1, 10_000);
    public static readonly WholeRange SlaCount = new(0, JobLimits.MaxInstances);
    public static readonly WholeRange CatchUp = new(0, CronMachine.MaxCatchUp);
    public static readonly WholeRange Processes = new(0, JobLimits.MaxProcesses);
    public static readonly WholeRange LogFiles = new(0, 1000);

    /// <summary>-1, for ever, is let through here and 0 is refused: 0 failures would mean never to start.</summary>
    public static readonly WholeRange MaxFailures = new(-1, 1_000_000);

    public string TooSmall => $"This must be at least {Min}.";

    public string TooLarge => $"This must be at most {Max}.";
}
