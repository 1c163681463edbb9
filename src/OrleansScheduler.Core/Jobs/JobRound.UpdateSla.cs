namespace OrleansScheduler.Core;

/// <content>Updates that mind the job's SLA (Aurora's <c>slaAware</c>): who is in flight is stopped only when the SLA lets it go.</content>
public sealed partial class JobRound
{
    private const string SlaAsked = "Checking SLA before continuing.";
    private const string SlaPassed = "SLA check passed, continuing.";

    private readonly SortedSet<int> _slaHeld = [];
    private readonly SortedSet<int> _slaFreed = [];
    private DateTimeOffset? _slaRetry;

    /// <summary>
    /// Whether the update may stop an instance now. The policy is that of the spec that instances go to: on the way back the old one.
    /// </summary>
    private bool MayStop(UpdateState update, int instance)
    {
        if (!SpecOf(update.ToVersion).Update.SlaAware || SpecOf(update.Target) is not { Sla: { } policy } spec) return true;
        var verdict = SlaRules.Judge(policy, spec, All(), instance, now, Sla);
        if (verdict.Allowed)
        {
            if (update.SlaHeld.Contains(instance) || _slaHeld.Remove(instance)) _slaFreed.Add(instance);
            return true;
        }

        _slaHeld.Add(instance);
        if (verdict.RetryAt is { } at && !(at >= _slaRetry)) _slaRetry = at;
        return false;
    }

    /// <summary>Remembers who is held back now, and tells who is new among them and who was let go.</summary>
    private UpdateState RememberHeld(UpdateState update)
    {
        var held = InstanceSet.Of(_slaHeld);
        if (held == update.SlaHeld) return update;
        TellSla(update, held.Except(update.SlaHeld), SlaAsked);
        TellSla(update, InstanceSet.Of(_slaFreed), SlaPassed);
        update = update with { SlaHeld = held };
        _header = _header with { Update = update };
        return update;
    }

    private void TellSla(UpdateState update, InstanceSet instances, string message)
    {
        if (!instances.IsEmpty) _updateEvents.Add(new() { Update = update.ToVersion, At = now, Instances = instances, Message = message });
    }
}
