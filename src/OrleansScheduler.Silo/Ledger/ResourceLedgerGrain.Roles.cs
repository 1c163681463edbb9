using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Questions about what could be, roles and reservations.</content>
internal sealed partial class ResourceLedgerGrain
{
    /// <summary>Each takes a processor for a while and the memory of another ledger or two.</summary>
    private const int MostAtOnce = 2;

    private readonly SemaphoreSlim _trying = new(MostAtOnce);

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
        await _inbox.Post(round => answer = round.SetRole(command));
        LogRole(command.Role, command.Actor, answer!.Problem?.Code ?? "done");
        return answer;
    }

    public Task<ImmutableArray<RoleView>> ListRoles(CancellationToken cancellationToken) => Task.FromResult(_ledger.DescribeRoles());

    public async Task<Answer<NodeView>> Reserve(ReserveCommand command, CancellationToken cancellationToken)
    {
        Answer<NodeView>? answer = null;
        await _inbox.Post(round => answer = round.Reserve(command));
        LogReserve(command.Node, command.Role, command.Actor, answer!.Problem?.Code ?? "done");
        return answer;
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Role {Role} changed by {Actor}: {Outcome}")]
    private partial void LogRole(string role, string actor, string outcome);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Reservation of {Node} for {Role} by {Actor}: {Outcome}")]
    private partial void LogReserve(string node, string role, string actor, string outcome);
}
