namespace OrleansScheduler.Cli;

/// <summary>How far one step of the demonstration is.</summary>
internal enum StepState
{
    Running,
    Done,
    Failed,
}

/// <summary>One step of the demonstration.</summary>
/// <param name="Title">What it does.</param>
/// <param name="State">How far it is.</param>
/// <param name="Result">What came of it; null while it runs.</param>
/// <param name="At">When that was, since the start.</param>
internal sealed record DemoStep(string Title, StepState State, string? Result, TimeSpan At);

/// <summary>Everything there is to see of the demonstration. Written by the run, read by the view; every read is a snapshot.</summary>
internal sealed class DemoBoard(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>The steps so far; only the last may still be running.</summary>
    public ImmutableArray<DemoStep> Steps { get; private set; } = [];

    /// <summary>The service's tasks as last seen.</summary>
    public ImmutableArray<TaskView> Service { get; set; } = [];

    /// <summary>The batch job's tasks as last seen.</summary>
    public ImmutableArray<TaskView> Batch { get; set; } = [];

    /// <summary>Where the cell's page is; null before it runs.</summary>
    public Uri? Page { get; set; }

    /// <summary>A step begins.</summary>
    public void Begin(string title) => Steps = Steps.Add(new(title, StepState.Running, Result: null, Elapsed));

    /// <summary>The running step has ended.</summary>
    public void End(Answer<string> result) => Steps = Steps.SetItem(Steps.Length - 1, Steps[^1] with
    {
        State = result.Problem is null ? StepState.Done : StepState.Failed,
        Result = result.Value ?? result.Problem!.Message,
        At = Elapsed,
    });
}
