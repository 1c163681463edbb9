namespace OrleansScheduler.Core.Tests;

/// <summary>Rules that can be broken on purpose: whoever checks nothing finds nothing.</summary>
[Flags]
internal enum Broken
{
    Nothing = 0,

    /// <summary>Agents obey commands of any epoch and session.</summary>
    EpochsAtAgents = 1,

    /// <summary>The journal takes entries of owners that have been replaced.</summary>
    Fence = 2,

    /// <summary>A release of an old attempt frees what the instance holds now.</summary>
    DoubleRelease = 4,

    /// <summary>The ledger is not told of quotas.</summary>
    Quotas = 8,

    /// <summary>The ledger forgets its promises when it has made them.</summary>
    Promises = 16,

    /// <summary>Jobs hear of placements before they are written.</summary>
    TellFirst = 32,

    /// <summary>Jobs give back what victims hold when these are told to end, not when they have ended.</summary>
    EarlyRelease = 64,

    /// <summary>The ledger takes a job's claims in any order, whichever owner they were made for.</summary>
    ClaimOrder = 128,
}

/// <summary>A rule was broken.</summary>
internal sealed class ViolationException(string rule, string what) : Exception($"{rule}: {what}")
{
    public string Rule { get; } = rule;
}
