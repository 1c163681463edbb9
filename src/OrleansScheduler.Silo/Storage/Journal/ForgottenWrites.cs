using System.Collections.Concurrent;

namespace OrleansScheduler.Silo;

/// <summary>
/// Journals of which the store has forgotten something that it had acknowledged. What it has now looks sound and is older than what others
/// were told, so nobody may go on with it until an operator has decided: by restarting the silo, or by a restore.
/// </summary>
internal sealed class ForgottenWrites
{
    private readonly ConcurrentDictionary<GrainId, string> _reasons = new();

    /// <summary>Why a journal may not be opened; null when it may.</summary>
    public string? Find(GrainId owner) => _reasons.GetValueOrDefault(owner);

    /// <summary>An owner found a head that nobody but itself can have replaced, and it is not its own. Answers the reason.</summary>
    public string Add(GrainId owner, long epoch) => _reasons.GetOrAdd(
        owner, $"the store had acknowledged what epoch {epoch} wrote and has forgotten it; restore a backup, or restart the silo to go on "
            + "with what the store has");
}
