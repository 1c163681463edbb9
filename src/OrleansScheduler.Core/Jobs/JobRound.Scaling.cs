namespace OrleansScheduler.Core;

/// <content>Instances that come and go by themselves.</content>
public sealed partial class JobRound
{
    private const string Autoscaler = "autoscaler";

    private bool IsScaled => Spec.Scale is not null && !_header.Stopped;

    /// <summary>
    /// What the metric of the job's scale policy says. Nothing is scaled while the job is stopped, waits or is updated.
    /// </summary>
    /// <param name="reading">The value; null with a <paramref name="failure"/>.</param>
    /// <param name="failure">Why there is none.</param>
    public void Scale(double? reading, string? failure)
    {
        if (!Exists || _header.Stopped || IsWaiting || _header.Update is { IsActive: true } || Spec.Scale is not { } policy) return;
        if (reading is not { } value)
        {
            // Told once, not at every look.
            if (_header.ScaleFailure is null) Announce("scale", "BLIND", failure);
            _header = _header with { ScaleFailure = failure };
            return;
        }

        if (_header.ScaleFailure is not null) _header = _header with { ScaleFailure = null };
        var decision = ScaleRules.Decide(policy, Spec.Instances, value, now - (_header.ScaledAt ?? DateTimeOffset.MinValue));
        if (decision.Instances == Spec.Instances) return;
        Announce("scale", decision.Instances > Spec.Instances ? "UP" : "DOWN",
            $"From {Spec.Instances} to {Instances(decision.Instances)}. {decision.Reason}");
        Accept(Spec with { Instances = decision.Instances }, Autoscaler);
        _header = _header with { ScaledAt = now };
    }
}
