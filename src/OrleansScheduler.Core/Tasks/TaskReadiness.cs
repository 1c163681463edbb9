namespace OrleansScheduler.Core;

/// <summary>What the readiness probe of a task that runs says.</summary>
/// <param name="IsReady">Whether it takes work.</param>
/// <param name="Since">Since when, once that has changed; null while it is as it was when the task became RUNNING.</param>
[GenerateSerializer, Immutable, Alias("osched.TaskReadiness")]
public sealed record TaskReadiness([property: Id(0)] bool IsReady, [property: Id(1)] DateTimeOffset? Since);
