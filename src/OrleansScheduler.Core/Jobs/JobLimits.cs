namespace OrleansScheduler.Core;

/// <summary>Hard limits of the job model, the same on every cell.</summary>
public static class JobLimits
{
    /// <summary>Most instances of one job.</summary>
    public const int MaxInstances = 10_000;

    /// <summary>Largest job file, in bytes.</summary>
    public const int MaxFileBytes = 1024 * 1024;

    /// <summary>Most documents in one job file.</summary>
    public const int MaxDocuments = 100;

    /// <summary>Deepest nesting of a document.</summary>
    public const int MaxDepth = 64;

    /// <summary>Most values that the aliases of one document may stand for.</summary>
    public const int MaxAliasedValues = 10_000;

    /// <summary>Most errors that one answer lists.</summary>
    public const int MaxErrors = 100;

    /// <summary>Lowest priority.</summary>
    public const int MinPriority = -1_000_000;

    /// <summary>Highest priority.</summary>
    public const int MaxPriority = 1_000_000;

    /// <summary>Most named ports of one instance.</summary>
    public const int MaxPorts = 64;

    /// <summary>Most artifacts of one task.</summary>
    public const int MaxArtifacts = 32;

    /// <summary>Most processes of one task.</summary>
    public const int MaxProcesses = 100;

    /// <summary>Most constraints of one job.</summary>
    public const int MaxConstraints = 64;

    /// <summary>Most custom resources, and most sets, that a task may ask for.</summary>
    public const int MaxCustom = 64;

    /// <summary>Most sizes of groups, and most ranges of instances, of an update.</summary>
    public const int MaxUpdateItems = 100;

    /// <summary>Longest single argument or <c>NAME=value</c>, in bytes: what Linux passes to a program (MAX_ARG_STRLEN less the final
    /// zero).</summary>
    public const int MaxArgumentBytes = (128 * 1024) - 1;

    /// <summary>Longest name of a port or variable, longest constraint value and longest path, in characters.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>Longest duration that a job file may ask for: what the clocks of every part can wait for.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromDays(30);

    /// <summary>Shortest silence after which an update may wait for its next pulse: one that is lost on the way must not hold it.</summary>
    public static readonly TimeSpan MinPulse = TimeSpan.FromSeconds(5);
}
