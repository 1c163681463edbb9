namespace OrleansScheduler.Gateway.Tests;

/// <summary>A node that accepts every agent, remembers what it says, and passes commands on.</summary>
public sealed class FakeNodeGrain(FakeCell cell) : Grain, INodeGrain
{
    private string Id => this.GetPrimaryKeyString();

    public async Task<Answer<RegisterReceipt>> Register(
        NodeDescription description, ImmutableArray<AttemptReport> attempts, long ledgerEpoch, IAgentSession session,
        CancellationToken cancellationToken = default)
    {
        if (cell.Agents.Refusals.TryGetValue(Id, out var refusal)) return refusal;
        if (cell.Agents.BeforeRegister.TryGetValue(Id, out var before)) await before();
        if (cell.Agents.Sessions.TryGetValue(Id, out var older)) await older.Close("a newer session has taken its place");
        cell.Agents.Sessions[Id] = session;
        cell.Agents.Registered[Id] = description;
        var generation = cell.Agents.Generations.AddOrUpdate(Id, 1, (_, last) => last + 1);

        // Commands may overtake the answer: the session must not let them.
        await session.Deliver(new() { Generation = generation, Unknown = [new(JobKey.Parse("shop/prod/early"), 0, 1)] });
        return new RegisterReceipt(generation, [.. attempts.Select(report => new AttemptAck(report.Attempt, report.Sequence))], []);
    }

    public Task<HeartbeatAnswer> Heartbeat(long generation, ulong digest, CancellationToken cancellationToken = default) =>
        Task.FromResult(new HeartbeatAnswer(Known: !cell.Agents.Forgotten.ContainsKey(Id), InSync: digest == 42));

    public async Task<ImmutableArray<AttemptAck>> Report(
        long generation, ImmutableArray<AttemptReport> reports, bool full, CancellationToken cancellationToken = default)
    {
        if (cell.Agents.BeforeReport.TryGetValue(Id, out var before)) await before();
        foreach (var report in reports) cell.Agents.Reports.Enqueue((Id, report));
        return [.. reports.Select(report => new AttemptAck(report.Attempt, report.Sequence))];
    }

    public Task Disconnect(long generation, CancellationToken cancellationToken = default)
    {
        cell.Agents.Disconnected.Enqueue((Id, generation));
        return Task.CompletedTask;
    }

    public async Task<LaunchAnswer> Launch(LaunchBatch batch, CancellationToken cancellationToken = default)
    {
        await cell.Agents.Sessions[Id].Deliver(new() { Generation = cell.Agents.Generations[Id], Launches = [batch] });
        return new LaunchAnswer(Sent: true, []);
    }

    public async Task<bool> Kill(KillBatch batch, CancellationToken cancellationToken = default)
    {
        await cell.Agents.Sessions[Id].Deliver(new() { Generation = cell.Agents.Generations[Id], Kills = [batch] });
        return true;
    }

    public Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query, CancellationToken cancellationToken = default) =>
        cell.Agents.Sessions[Id].ReadLog(attempt, query);

    public Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query, CancellationToken cancellationToken = default) =>
        cell.Agents.Sessions[Id].ReadFile(attempt, query);

    public Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request, CancellationToken cancellationToken = default) =>
        cell.Agents.Sessions[Id].Exec(attempt, request);

    public Task<Answer<NodeView>> Drain(string operationId, string actor, CancellationToken cancellationToken = default) =>
        Set("drain", operationId, actor, MaintenanceMode.Draining, "draining");

    public Task<Answer<NodeView>> Undrain(string operationId, string actor, CancellationToken cancellationToken = default) =>
        Set("undrain", operationId, actor, MaintenanceMode.None, "ready");

    public Task<Answer<NodeView>> Maintain(MaintenanceCommand command, CancellationToken cancellationToken = default)
    {
        if (cell.Nodes.ContainsKey(Id)) cell.Commands.Enqueue(command);
        return command.IsSchedule
            ? Set("schedule", command.OperationId, command.Actor, MaintenanceMode.Scheduled, "scheduled")
            : Set("maintain", command.OperationId, command.Actor, MaintenanceMode.Draining, "draining");
    }

    public Task<DrainView?> DescribeDrain(CancellationToken cancellationToken = default) => Task.FromResult(
        cell.Nodes.TryGetValue(Id, out var node) ? new DrainView { Node = Id, Mode = node.Mode, Tasks = node.Tasks } : null);

    public Task<NodeView?> Describe(CancellationToken cancellationToken = default) => Task.FromResult(cell.Nodes.GetValueOrDefault(Id));

    public Task ReportUsage(long generation, NodeUsage usage, CancellationToken cancellationToken = default)
    {
        cell.Agents.Usages[Id] = usage;
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<TaskUse>> ReadUsage(JobKey job, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<string?> ReadHost(CancellationToken cancellationToken = default) =>
        Task.FromResult(cell.Nodes.GetValueOrDefault(Id)?.Description.Host ?? cell.Agents.Registered.GetValueOrDefault(Id)?.Host);

    public Task Wake(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Reconcile(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private Task<Answer<NodeView>> Set(string verb, string operationId, string actor, MaintenanceMode mode, string status)
    {
        if (!cell.Nodes.TryGetValue(Id, out var node))
            return Task.FromResult<Answer<NodeView>>(Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {Id}."));
        cell.Commands.Enqueue((verb, operationId, actor));
        return Task.FromResult<Answer<NodeView>>(cell.Nodes[Id] = node with { Mode = mode, Status = status });
    }
}
