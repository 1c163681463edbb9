using System.Collections.Frozen;
using static OrleansScheduler.Core.UpdateStatus;

namespace OrleansScheduler.Core;

/// <summary>What somebody asks of an update.</summary>
public enum UpdateVerb
{
    /// <summary>No further instance sets out until it is resumed.</summary>
    Pause,

    /// <summary>A paused one goes on.</summary>
    Resume,

    /// <summary>It ends here, and the instances stay what they are.</summary>
    Abort,

    /// <summary>Its instances go back to what they were.</summary>
    Rollback,

    /// <summary>A sign of life from whoever guards it.</summary>
    Pulse,
}

/// <summary>Decides which states of an update follow each other. Pure: no clock, no I/O, no runtime types.</summary>
/// <remarks>Edges are those of Aurora 0.22, <c>JobUpdateStateMachine.java</c>.</remarks>
public static class UpdateMachine
{
    /// <summary>Every legal edge. What is not in here is illegal; the same state again is no edge and changes nothing.</summary>
    public static FrozenDictionary<UpdateStatus, FrozenSet<UpdateStatus>> Edges { get; } = new Dictionary<UpdateStatus, UpdateStatus[]>
    {
        [RollingForward] =
            [RollingBack, RollForwardPaused, RollForwardAwaitingPulse, RolledForward, Aborted, Failed, Error],
        [RollingBack] = [RollBackPaused, RollBackAwaitingPulse, RolledBack, Aborted, Failed, Error],
        [RollForwardPaused] = [RollingBack, RollingForward, RollForwardAwaitingPulse, Aborted, Error],
        [RollBackPaused] = [RollingBack, RollBackAwaitingPulse, Aborted, Error],
        [RollForwardAwaitingPulse] = [RollingBack, RollingForward, RollForwardPaused, Aborted, Error],
        [RollBackAwaitingPulse] = [RollingBack, RollBackPaused, Aborted, Error],
    }.ToFrozenDictionary(edge => edge.Key, edge => edge.Value.ToFrozenSet());

    /// <summary>Whether <paramref name="to"/> may follow <paramref name="from"/>.</summary>
    public static bool IsLegal(UpdateStatus from, UpdateStatus to) => Edges.TryGetValue(from, out var next) && next.Contains(to);

    /// <summary>
    /// Where a command leads, the same state when it changes nothing, and null when it cannot be done to an update in that state.
    /// </summary>
    /// <param name="from">Where the update is.</param>
    /// <param name="verb">What is asked.</param>
    /// <param name="isSilent">Whether the update is guarded by pulses and the last one is too old.</param>
    public static UpdateStatus? After(UpdateStatus from, UpdateVerb verb, bool isSilent)
    {
        if (!from.IsActive()) return null;
        return verb switch
        {
            UpdateVerb.Pause => from.IsBackward() ? RollBackPaused : RollForwardPaused,
            UpdateVerb.Resume when !from.IsPaused() => from,
            UpdateVerb.Resume when isSilent => from.IsBackward() ? RollBackAwaitingPulse : RollForwardAwaitingPulse,
            UpdateVerb.Resume => from.IsBackward() ? RollingBack : RollingForward,
            UpdateVerb.Abort => Aborted,
            UpdateVerb.Rollback => RollingBack,
            UpdateVerb.Pulse when !from.AwaitsPulse() => from,
            UpdateVerb.Pulse => from.IsBackward() ? RollingBack : RollingForward,
            _ => throw new InvariantException($"unknown update verb {(int)verb}"),
        };
    }
}
