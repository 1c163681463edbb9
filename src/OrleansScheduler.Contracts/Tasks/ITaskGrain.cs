namespace OrleansScheduler.Contracts;

/// <summary>
/// One task as an addressable actor: questions and commands about a single instance. Owns nothing; the record is the job's. Key:
/// <c>role/env/name/instance</c>.
/// </summary>
[Alias("osched.ITaskGrain")]
public interface ITaskGrain : IGrainWithStringKey
{
    /// <summary>The task; null when there is no such instance.</summary>
    [Alias("Describe")]
    Task<TaskView?> Describe(CancellationToken cancellationToken = default);

    /// <summary>Stops it for good.</summary>
    [Alias("Kill")]
    Task<Answer<CommandReceipt>> Kill(string operationId, string actor, CancellationToken cancellationToken = default);

    /// <summary>Stops and starts it.</summary>
    [Alias("Restart")]
    Task<Answer<CommandReceipt>> Restart(string operationId, string actor, CancellationToken cancellationToken = default);

    /// <summary>Moves it to another status against what the cell believes.</summary>
    [Alias("Force")]
    Task<Answer<CommandReceipt>> Force(string operationId, ScheduleStatus status, string actor,
        CancellationToken cancellationToken = default);

    /// <summary>A piece of its output, from the node that has it.</summary>
    [Alias("ReadLog"), Orleans.Concurrency.AlwaysInterleave, AskedOnce]
    Task<Answer<LogChunk>> ReadLog(LogQuery query, CancellationToken cancellationToken = default);
}

/// <summary>Which piece of which output.</summary>
/// <param name="Attempt">Which attempt; 0 for the latest that has a node.</param>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Offset">First byte wanted; negative counts from the end.</param>
/// <param name="MaxBytes">Most bytes wanted, 1 to 262,144.</param>
[GenerateSerializer, Immutable, Alias("osched.LogQuery")]
public sealed record LogQuery([property: Id(0)] int Attempt, [property: Id(1)] string Stream, [property: Id(2)] long Offset,
    [property: Id(3)] int MaxBytes);
