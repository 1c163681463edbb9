namespace OrleansScheduler.Silo;

/// <content>What users ask of the ledger itself.</content>
internal sealed partial class LedgerRound
{
    private readonly List<RoleSetting> _roles = [];
    private readonly List<NodeReservation> _reservations = [];
    private readonly List<LedgerOperation> _operations = [];
    private readonly Dictionary<JobKey, Resources> _uses = [];

    /// <summary>
    /// Gives a role a quota or a weight. What is only doubtful (<see cref="ProblemKind.Conflict"/>) is done for whoever insists, and the
    /// answer warns.
    /// </summary>
    public Answer<RoleView> SetRole(RoleCommand command)
    {
        var request = $"{command with { OperationId = "", Actor = "" }}";
        if (Find(command.OperationId) is { } known)
            return known.Request == request && known.Role is { } before ? before : KeyReused(command.OperationId);
        if (!RolePath.IsValid(command.Role))
            return Problem.Of(ProblemKind.Invalid, "role-invalid", $"'{command.Role}' is not the path of a role: {RolePath.Rule}.");
        if (command.Weight is { } weight && RoleTree.CheckWeight(weight) is { } bad) return bad;

        var role = ledger.Roles.GetOrAdd(command.Role);
        var quota = command.SetsQuota ? command.Quota : ledger.Roles.QuotaOf(role);
        var problems = command.SetsQuota ? ledger.Roles.CheckQuotas([(role, quota)]) : [];
        if (problems.FirstOrDefault(p => !command.Force || p.Kind != ProblemKind.Conflict) is { } problem) return problem;

        var setting = new RoleSetting(command.Role, quota, command.Weight ?? ledger.Roles.WeightOf(role));
        ledger.Apply(new LedgerEvent.RoleChanged(setting.Role, setting.Quota, setting.Weight));
        _roles.Add(setting);
        var view = ledger.DescribeRole(command.Role)!;
        if (!problems.IsEmpty) view = view with { Warning = string.Join(' ', problems.Select(p => p.Message)) };
        _operations.Add(new LedgerOperation(command.OperationId, request, view, null));
        return view;
    }

    /// <summary>A job counts so much against production quotas, as it says itself.</summary>
    public void Count(JobKey job, Resources use)
    {
        if (production.Set(job, use)) _uses[job] = use;
    }

    /// <summary>Lets a job count so much against production quotas; or answers why not.</summary>
    public Problem? Admit(JobKey job, Resources use)
    {
        var before = production.Uses.GetValueOrDefault(job);
        var problem = production.Admit(
            job, use, path => ledger.Roles.Find(path) is > 0 and var role ? ledger.Roles.QuotaOf(role) : null);
        if (problem is null && use != before) _uses[job] = use;
        return problem;
    }

    /// <summary>Sets something of a node aside for a role, or gives it back.</summary>
    public Answer<NodeView> Reserve(ReserveCommand command)
    {
        var request = $"{command with { OperationId = "", Actor = "" }}";
        if (Find(command.OperationId) is { } known)
            return known.Request == request && known.Node is { } before ? before : KeyReused(command.OperationId);
        var checkedEvent = ledger.CheckReserve(command.Node, command.Role, command.Amount, command.Release);
        if (checkedEvent.Problem is { } problem) return problem;

        var reserved = checkedEvent.Value!;
        ledger.Apply(reserved);
        _reservations.Add(new NodeReservation(reserved.Node, reserved.Role, reserved.Amount));
        var view = ledger.DescribeNode(command.Node)!;
        _operations.Add(new LedgerOperation(command.OperationId, request, null, view));
        return view;
    }

    private LedgerOperation? Find(string id) => operations.Find(id) ?? _operations.Find(o => o.Id == id);

    private static Problem KeyReused(string id) => Problem.Of(ProblemKind.Invalid, "idempotency-key-reused",
        $"The operation id '{id}' was used for another request: use a new one for a new request.");
}
