namespace OrleansScheduler.Core;

/// <summary>Compares specs by content: records compare arrays and maps by reference, users do not.</summary>
internal static class SpecEquality
{
    public static bool Equal(JobSpec a, JobSpec b) =>
        SameRun(a, b) && a.Key == b.Key && a.Type == b.Type && a.Instances == b.Instances && a.Priority == b.Priority && a.Tier == b.Tier
        && a.Schedule == b.Schedule && a.Retry == b.Retry && a.Update == b.Update && a.Sla == b.Sla && a.Partition == b.Partition
        && a.Gang == b.Gang && a.TimeLimit == b.TimeLimit && Same(a.After, b.After) && a.Scale == b.Scale
        && a.MinSuccesses == b.MinSuccesses;

    public static bool SameRun(JobSpec a, JobSpec b) => a.Task.Equals(b.Task) && Same(a.Constraints, b.Constraints) && a.Tier == b.Tier;

    public static bool Equal(TaskSpec a, TaskSpec b) =>
        a.Driver == b.Driver && Same(a.Command, b.Command) && a.Image == b.Image && Same(a.Processes, b.Processes, Equal)
        && a.Env.SequenceEqual(b.Env) && a.User == b.User && Same(a.Artifacts, b.Artifacts) && a.Resources == b.Resources
        && Same(a.Ports, b.Ports) && a.Health == b.Health && a.Kill == b.Kill && a.Logs == b.Logs && a.Custom == b.Custom
        && a.Rlimits.SequenceEqual(b.Rlimits) && Same(a.Templates, b.Templates) && a.Container == b.Container
        && a.MaxFailures == b.MaxFailures && a.MaxConcurrency == b.MaxConcurrency && a.FinalizationWait == b.FinalizationWait;

    public static bool Equal(ContainerSpec a, ContainerSpec b) =>
        a.Network == b.Network && a.Ports.SequenceEqual(b.Ports) && Same(a.Volumes, b.Volumes) && Same(a.Entrypoint, b.Entrypoint)
        && a.WorkingDirectory == b.WorkingDirectory && a.ReadOnly == b.ReadOnly && Same(a.Capabilities, b.Capabilities);

    private static bool Equal(ProcessSpec a, ProcessSpec b) =>
        Same(a.Command, b.Command) && Same(a.After, b.After) && a with { Command = b.Command, After = b.After } == b;

    private static bool Same<T>(ImmutableArray<T> a, ImmutableArray<T> b) => a.AsSpan().SequenceEqual(b.AsSpan());

    private static bool Same<T>(ImmutableArray<T> a, ImmutableArray<T> b, Func<T, T, bool> equal) =>
        a.Length == b.Length && a.Zip(b).All(pair => equal(pair.First, pair.Second));
}
