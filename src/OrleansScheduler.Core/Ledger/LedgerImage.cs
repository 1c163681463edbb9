namespace OrleansScheduler.Core;

/// <summary>
/// Everything a ledger knew at one moment. Taking it is quick; what is slow, a ledger made of it and what that plans, may be left to
/// another thread: nothing in here changes any more.
/// </summary>
public sealed class LedgerImage
{
    internal LedgerImage(LedgerOptions options) => Options = options;

    internal LedgerOptions Options { get; }

    internal ImmutableArray<LedgerEvent.RoleChanged> Roles { get; init; } = [];

    internal ImmutableArray<LedgerEvent.NodeChanged> Nodes { get; init; } = [];

    internal ImmutableArray<LedgerEvent.NodeReserved> NodeReservations { get; init; } = [];

    internal HeldFact[] Held { get; init; } = [];

    internal List<string> NodeIds { get; init; } = [];

    internal ImmutableArray<Preemption> Preemptions { get; init; } = [];

    internal ImmutableArray<LedgerEvent.Demanded> Demands { get; init; } = [];

    /// <summary>A ledger that knows the same.</summary>
    public Ledger Restore() => Ledger.Restore(this);

    /// <summary>What a change would bring about.</summary>
    /// <param name="change">The change.</param>
    /// <param name="now">The time.</param>
    public Answer<WhatIfView> Try(WhatIf change, DateTimeOffset now) => Ledger.Try(this, change, now);
}
