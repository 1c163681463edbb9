using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Whether the membership table answers. Without it silos go on, but a lost one is not replaced and a new one cannot join.
/// </summary>
internal sealed class MembershipHealth(TimeProvider time) : AnswerHealth(time);

/// <summary>Asks the membership table who is in it.</summary>
internal sealed class MembershipWatch(
    IMembershipTable table, MembershipHealth health, TimeProvider time, ILogger<MembershipWatch> logger)
    : AnswerWatch("membership table", health, TimeSpan.FromSeconds(2), time, logger)
{
    /// <inheritdoc/>
    protected override async Task Ask() => await table.ReadAllAsync(CancellationToken.None).ConfigureAwait(false);
}
