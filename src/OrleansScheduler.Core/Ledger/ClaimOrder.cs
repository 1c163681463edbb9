namespace OrleansScheduler.Core;

/// <summary>Where a job's claim stands among all that the job has ever made.</summary>
/// <param name="LedgerEpoch">Epoch of the ledger that the job knew when it made the claim; 0 for none.</param>
/// <param name="Owner">Which owner of the job made it: later owners have higher numbers.</param>
/// <param name="Number">Which claim of that owner, from 1.</param>
[GenerateSerializer, Immutable, Alias("osched.ClaimStamp")]
public readonly record struct ClaimStamp(
    [property: Id(0)] long LedgerEpoch, [property: Id(1)] long Owner, [property: Id(2)] long Number);

/// <summary>
/// Keeps late claims out. A claim that says all that a job holds frees the rest, so it must not be older than what the ledger has given
/// since.
/// </summary>
/// <remarks>
/// One owner of the ledger remembers the last claim of every job. The next one does not, so it takes full claims only from jobs that know
/// of it: a claim from before its time cannot name its epoch. What only wants or gives back can be late without harm: no attempt is wanted
/// or given back twice.
/// </remarks>
public sealed class ClaimOrder(long epoch)
{
    private readonly Dictionary<JobKey, (long Owner, long Number)> _heard = [];

    /// <summary>Whether the claim is to be taken; it then is the last one of its job.</summary>
    public bool Take(JobKey job, ClaimStamp stamp, bool isFull)
    {
        if (isFull && stamp.LedgerEpoch != epoch) return false;
        if ((stamp.Owner, stamp.Number).CompareTo(_heard.GetValueOrDefault(job)) <= 0) return false;
        _heard[job] = (stamp.Owner, stamp.Number);
        return true;
    }

    /// <summary>A job has nothing and wants nothing any more.</summary>
    public void Forget(JobKey job) => _heard.Remove(job);
}
