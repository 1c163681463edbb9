namespace OrleansScheduler.Contracts;

/// <summary>
/// A gateway does not ask this again while the answer is out: it takes its time on purpose, or asking twice is not the same as asking
/// once. Every other method may be asked again at any time, which makes the death of a silo a short wait instead of a failure.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AskedOnceAttribute : Attribute;
