namespace OrleansScheduler.Core;

/// <summary>How instances move to a new version.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdatePolicy")]
public sealed record UpdatePolicy
{
    /// <summary>
    /// <c>queue</c> keeps up to <see cref="Batch"/> instances in flight, <c>batch</c> moves groups of as many one after the other,
    /// <c>variable-batch</c> groups of <see cref="Batches"/>, <c>blue-green</c> all at once beside the old ones. Default <c>queue</c>.
    /// </summary>
    [Id(0)] public string Strategy { get; init; } = "queue";

    /// <summary>Instances in flight at once, or the size of a group. Default 1.</summary>
    [Id(1)] public int Batch { get; init; } = 1;

    /// <summary>How long an instance must run to count as updated. Default 45 s.</summary>
    [Id(2)] public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Failures of one instance that are tolerated during the update. Default 0.</summary>
    [Id(3)] public int MaxInstanceFailures { get; init; }

    /// <summary>Failed instances that are tolerated before the update fails. Default 0.</summary>
    [Id(4)] public int MaxFailedInstances { get; init; }

    /// <summary>Whether a failed update goes back to the version before. Default true.</summary>
    [Id(5)] public bool Rollback { get; init; } = true;

    /// <summary>Longest silence of the pulse that the update tolerates; null for an update without pulse.</summary>
    [Id(6)] public TimeSpan? Pulse { get; init; }

    /// <summary>Whether the update waits for <see cref="JobSpec.Sla"/> before it stops an instance.</summary>
    [Id(7)] public bool SlaAware { get; init; }

    /// <summary>Sizes of the groups of <c>variable-batch</c>; the last repeats.</summary>
    [Id(8)] public ImmutableArray<int> Batches { get; init; } = [];

    /// <summary>Whether the update pauses behind every group but the last. Default false.</summary>
    [Id(9)] public bool AutoPause { get; init; }

    /// <summary>Only these instances move to the version, as for a canary; empty for all.</summary>
    [Id(10)] public InstanceSet Instances { get; init; } = InstanceSet.Empty;

    /// <summary>Whether the version is for this instance.</summary>
    public bool Covers(int instance) => Instances.IsEmpty || Instances.Contains(instance);

    /// <summary>Structural equality, lists by content.</summary>
    public bool Equals(UpdatePolicy? other) => other is not null && Sizes.AsSpan().SequenceEqual(other.Sizes.AsSpan())
        && (Strategy, Batch, Watch, MaxInstanceFailures, MaxFailedInstances, Rollback)
            == (other.Strategy, other.Batch, other.Watch, other.MaxInstanceFailures, other.MaxFailedInstances, other.Rollback)
        && (Pulse, SlaAware, AutoPause, Instances) == (other.Pulse, other.SlaAware, other.AutoPause, other.Instances);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Strategy, Batch, Watch, Rollback, Pulse);

    private ImmutableArray<int> Sizes => Batches.IsDefault ? [] : Batches;
}
