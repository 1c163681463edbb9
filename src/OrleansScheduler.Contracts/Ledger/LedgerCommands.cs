namespace OrleansScheduler.Contracts;

/// <summary>A quota or a weight for a role.</summary>
/// <param name="OperationId">Names this operation: repeating it with the same id repeats the answer.</param>
/// <param name="Role">Role path, see <see cref="RolePath"/>.</param>
/// <param name="SetsQuota">Whether the quota changes.</param>
/// <param name="Quota">The quota from now on; null for none. Counts only when <paramref name="SetsQuota"/>.</param>
/// <param name="Weight">The weight from now on, above zero; null to leave it.</param>
/// <param name="Force">Whether a quota below what is in use, or above what there is, is accepted: with a warning.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.RoleCommand")]
public sealed record RoleCommand(
    [property: Id(0)] string OperationId, [property: Id(1)] string Role, [property: Id(2)] bool SetsQuota, [property: Id(3)] Quota? Quota,
    [property: Id(4)] double? Weight, [property: Id(5)] bool Force, [property: Id(6)] string Actor);

/// <summary>Something of a node for a role and those below it (Mesos' RESERVE and UNRESERVE).</summary>
/// <param name="OperationId">Names this operation: repeating it with the same id repeats the answer.</param>
/// <param name="Node">The node.</param>
/// <param name="Role">Role path, see <see cref="RolePath"/>.</param>
/// <param name="Amount">How much, not negative and not nothing.</param>
/// <param name="Release">Whether it is given back.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.ReserveCommand")]
public sealed record ReserveCommand(
    [property: Id(0)] string OperationId, [property: Id(1)] string Node, [property: Id(2)] string Role, [property: Id(3)] Resources Amount,
    [property: Id(4)] bool Release, [property: Id(5)] string Actor);
