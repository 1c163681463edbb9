namespace OrleansScheduler.Cli;

/// <summary>What the process says to scripts. Part of the interface: a number never changes its meaning.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Done, and the outcome is a failure: a job that failed, an update that went back.</summary>
    public const int Failed = 1;

    /// <summary>A plan would change something.</summary>
    public const int Changes = 1;

    /// <summary>The command line or the job file is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The thing it names does not exist.</summary>
    public const int NotFound = 3;

    /// <summary>The cell refused it.</summary>
    public const int Rejected = 4;

    /// <summary>Nobody answered, or nobody knows what came of it.</summary>
    public const int Unreachable = 5;

    /// <summary>What was waited for did not come in time.</summary>
    public const int TimedOut = 124;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>The code for a problem.</summary>
    public static int Of(ProblemKind kind) => kind switch
    {
        ProblemKind.Malformed or ProblemKind.Invalid or ProblemKind.TooLarge or ProblemKind.UnsupportedMedia => Usage,
        ProblemKind.NotFound => NotFound,
        ProblemKind.Conflict or ProblemKind.Outdated or ProblemKind.Expired or ProblemKind.NotAllowed => Rejected,
        ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.TooMany => Unreachable,
        _ => throw new InvariantException($"no exit code for {kind}"),
    };
}
