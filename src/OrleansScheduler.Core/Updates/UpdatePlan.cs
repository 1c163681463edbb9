namespace OrleansScheduler.Core;

/// <summary>
/// Which instances an update touches, in which order: those that it creates, then those that it changes, then those that it removes, each
/// by number (Aurora's order). What already is as it is to be has no place in it.
/// </summary>
internal sealed class UpdatePlan
{
    private readonly InstanceSet[] _parts;

    private UpdatePlan(params InstanceSet[] parts)
    {
        _parts = parts;
        Count = parts.Sum(part => part.Count);
    }

    /// <summary>How many of them it creates.</summary>
    public int Creates => _parts[0].Count;

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The plan of an update; always the same, from its first round to its last.</summary>
    /// <param name="update">The update.</param>
    /// <param name="spec">The spec that it goes to.</param>
    /// <param name="left">Instances that users have stopped: they stay down.</param>
    /// <param name="runsTheSame">Whether instances of a version already are as the target wants them.</param>
    public static UpdatePlan Of(UpdateState update, JobSpec spec, InstanceSet left, Func<int, int, bool> runsTheSame)
    {
        var (initial, target) = (update.Initial, update.ToVersion);
        var scope = spec.Update.Instances;
        var wanted = InstanceSet.Between(update.ToFirst, update.ToFirst + spec.Instances - 1);
        var there = InstanceSet.Of(initial.SelectMany(group => group.Instances.Ranges));
        var same = InstanceSet.Of(
            initial.Where(group => runsTheSame(group.Version, target)).SelectMany(group => group.Instances.Ranges));
        return new(
            InScope(wanted.Except(there).Except(left)),
            InScope(there.Except(same).Intersect(wanted)),
            InScope(there.Except(wanted)));

        InstanceSet InScope(InstanceSet set) => scope.IsEmpty ? set : set.Intersect(scope);
    }

    /// <summary>The instances from one position up to another.</summary>
    public IEnumerable<int> Forward(int from, int to)
    {
        var position = 0;
        foreach (var range in _parts.SelectMany(part => part.Ranges))
        {
            var first = range.First + Math.Max(0, from - position);
            for (var instance = first; instance <= range.Last && position + instance - range.First < to; instance++) yield return instance;
            position += range.Count;
        }
    }

    /// <summary>The instances below one position in reverse, from the <paramref name="skip"/>-th of them on.</summary>
    public IEnumerable<int> Backward(int below, int skip) => Forward(0, below - skip).Reverse();
}
