namespace OrleansScheduler.Chaos;

/// <summary>What one fault cost, in milliseconds from the moment of the fault.</summary>
internal sealed record FailoverRun
{
    /// <summary>Until a job that is submitted right after the fault has its task on a node.</summary>
    public required double PlacedMs { get; init; }

    /// <summary>Of that: until the gateway had accepted the job.</summary>
    public required double AcceptedMs { get; init; }

    /// <summary>Longest time in which no read of a job succeeded.</summary>
    public required double ReadGapMs { get; init; }

    /// <summary>Longest time in which no change of a job succeeded.</summary>
    public required double WriteGapMs { get; init; }

    /// <summary>Requests that failed, of all: a client that tries again has to.</summary>
    public required int Failed { get; init; }

    /// <summary>Requests that were answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Silos that ended though nothing was done to them.</summary>
    public required int OthersLost { get; init; }

    /// <summary>How long the process lived on after its pause or after it was asked to end; null for a kill.</summary>
    public double? EndedMs { get; init; }

    /// <summary>The exit code with which it ended by itself; null for a kill, and when it had to be killed.</summary>
    public int? ExitCode { get; init; }
}
