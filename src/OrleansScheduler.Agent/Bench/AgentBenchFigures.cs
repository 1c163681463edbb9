namespace OrleansScheduler.Agent;

/// <summary>What an agent was measured to do on this machine.</summary>
public sealed record AgentBenchFigures
{
    /// <summary>Tasks of one short command that were started, ended and recorded in a second, as many at once as the agent
    /// starts.</summary>
    public required double StartsPerSecond { get; init; }

    /// <summary>Milliseconds from the launch command to the known end of a task that does nothing; median.</summary>
    public required double TaskMsP50 { get; init; }

    /// <summary>Milliseconds that the same program takes when it is started and waited for directly; median.</summary>
    public required double BareMsP50 { get; init; }

    /// <summary>What the agent adds: <see cref="TaskMsP50"/> less <see cref="BareMsP50"/>.</summary>
    public required double AddedMsP50 { get; init; }

    /// <summary>Milliseconds from the launch command until a task has begun to run, less those of a direct start; median.</summary>
    public required double AddedToStartMsP50 { get; init; }

    /// <summary>Resident memory of a task's supervisor, in bytes.</summary>
    public required long ShimResidentBytes { get; init; }

    /// <summary>Whether the supervisor is machine code.</summary>
    public required bool ShimIsNative { get; init; }

    /// <summary>Milliseconds in which a new agent took over <see cref="Adopted"/> running tasks.</summary>
    public required double AdoptionMs { get; init; }

    /// <summary>How many running tasks a new agent took over.</summary>
    public required int Adopted { get; init; }

    /// <summary>
    /// Cores that a task of four busy threads got that asked for half of one, while another one wanted all the rest; null when the machine
    /// keeps no count or this was not asked for.
    /// </summary>
    public double? CoresOfHalf { get; init; }

    /// <summary>Version of the control groups, or none.</summary>
    public required string Cgroups { get; init; }
}
