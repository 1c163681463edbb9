namespace OrleansScheduler.Silo;

/// <content>Questions about what could be, roles and reservations.</content>
internal sealed partial class ResourceLedgerGrain
{
    public Task<Answer<WhatIfView>> WhatIf(WhatIf change, CancellationToken cancellationToken) => NotYet<WhatIfView>("What-if");

    public Task<Answer<RoleView>> SetRole(RoleCommand command, CancellationToken cancellationToken) => NotYet<RoleView>("A quota");

    public Task<ImmutableArray<RoleView>> ListRoles(CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<RoleView>.Empty);

    public Task<Answer<NodeView>> Reserve(ReserveCommand command, CancellationToken cancellationToken) => NotYet<NodeView>("A reservation");

    private static Task<Answer<T>> NotYet<T>(string what) =>
        Task.FromResult<Answer<T>>(Problem.Of(ProblemKind.Invalid, "not-supported-yet", $"{what} is not supported by this cell yet."));
}
