using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Questions about what could be, roles and reservations.</content>
internal sealed partial class ResourceLedgerGrain
{
    /// <summary>Each takes a processor for a while and the memory of another ledger or two.</summary>
    private const int MostAtOnce = 2;

    /// <summary>How long a job may take from being let in to its first claim until somebody asks for it.</summary>
    private static readonly TimeSpan AdmittedFor = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _trying = new(MostAtOnce);
    private readonly Dictionary<JobKey, long> _admitted = [];

    public async Task<Answer<WhatIfView>> WhatIf(WhatIf change, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await _trying.WaitAsync(cancellationToken);
        try
        {
            // Only the image is made in the ledger's turn: 10,000 nodes with 100,000 tasks take some 10 ms, what follows half a second.
            var (image, now) = (_ledger.Capture(), _time.GetUtcNow());
            var answer = await Task.Run(() => image.Try(change, now), cancellationToken);
            return answer.Value is { } view ? view with { Milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds } : answer;
        }
        finally
        {
            _trying.Release();
        }
    }

    public async Task<Answer<RoleView>> SetRole(RoleCommand command, CancellationToken cancellationToken)
    {
        Answer<RoleView>? answer = null;
        if (CheckProduction(command) is { } below) return below;
        await _inbox.Post(round => answer = round.SetRole(command));
        if (answer!.Value is { } view) answer = WithProduction(view);
        LogRole(command.Role, command.Actor, answer!.Problem?.Code ?? "done");
        return answer;
    }

    public Task<ImmutableArray<RoleView>> ListRoles(CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<RoleView>>([.. _ledger.DescribeRoles().Select(WithProduction)]);

    public async Task<Problem?> Admit(JobKey job, Resources use, CancellationToken cancellationToken)
    {
        Problem? problem = null;
        await _inbox.Post(round => problem = round.Admit(job, use));
        if (problem is null && use != Resources.None) _admitted[job] = _time.GetTimestamp();
        return problem;
    }

    private RoleView WithProduction(RoleView role) => role with { Production = _production.Of(role.Role) };

    public async Task<Answer<NodeView>> Reserve(ReserveCommand command, CancellationToken cancellationToken)
    {
        Answer<NodeView>? answer = null;
        await _inbox.Post(round => answer = round.Reserve(command));
        LogReserve(command.Node, command.Role, command.Actor, answer!.Problem?.Code ?? "done");
        return answer;
    }

    /// <summary>
    /// A job that was let in and has claimed nothing since may not be there, as its submit may have failed: it is asked what it counts.
    /// </summary>
    private void AskAdmitted()
    {
        foreach (var job in _admitted.Where(a => _time.GetElapsedTime(a.Value) > AdmittedFor).Select(a => a.Key).ToList())
        {
            _admitted.Remove(job);
            _ = TakeOver([job]);
        }
    }

    private Problem? CheckProduction(RoleCommand command)
    {
        if (command is not { SetsQuota: true, Quota: { } quota }) return null;
        return _production.Check(command.Role, quota) is { } problem && !(command.Force && problem.Kind == ProblemKind.Conflict)
            ? problem
            : null;
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Role {Role} changed by {Actor}: {Outcome}")]
    private partial void LogRole(string role, string actor, string outcome);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Reservation of {Node} for {Role} by {Actor}: {Outcome}")]
    private partial void LogReserve(string node, string role, string actor, string outcome);
}
