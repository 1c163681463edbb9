namespace OrleansScheduler.Silo;

/// <summary>One task as an actor: hands questions and commands about it to those who own the facts.</summary>
internal sealed class TaskGrain(IGrainContext context) : Grain, ITaskGrain
{
    private readonly TaskKey _key = TaskKey.TryParse(context.GrainId.Key.ToString(), out var key)
        ? key
        : throw new InvariantException($"'{context.GrainId.Key}' is not a task key");

    private IJobGrain Job => GrainFactory.GetGrain<IJobGrain>(_key.Job.ToString());

    public async Task<TaskView?> Describe(CancellationToken cancellationToken)
    {
        var task = await Job.DescribeTask(_key.Instance, cancellationToken);
        if (task is not { Status: ScheduleStatus.Running, Node: { } node }) return task;
        var uses = await GrainFactory.GetGrain<INodeGrain>(node).ReadUsage(_key.Job, cancellationToken);
        return task with { Use = uses.FirstOrDefault(use => use.Attempt.Instance == task.Instance && use.Attempt.Number == task.Attempt) };
    }

    public Task<Answer<CommandReceipt>> Kill(string operationId, string actor, CancellationToken cancellationToken) =>
        Job.Stop(new InstancesCommand(operationId, [_key.Instance], actor), cancellationToken);

    public Task<Answer<CommandReceipt>> Restart(string operationId, string actor, CancellationToken cancellationToken) =>
        Job.Restart(new InstancesCommand(operationId, [_key.Instance], actor), cancellationToken);

    public Task<Answer<CommandReceipt>> Force(
        string operationId, ScheduleStatus status, string actor, CancellationToken cancellationToken) =>
        Job.Force(new ForceCommand(operationId, _key.Instance, status, actor), cancellationToken);

    public async Task<Answer<LogChunk>> ReadLog(LogQuery query, CancellationToken cancellationToken)
    {
        if (await Job.DescribeTask(_key.Instance, cancellationToken) is not { } task)
            return Problem.Of(ProblemKind.NotFound, "task-not-found", $"There is no task {_key} in this cell.");

        // The record keeps the node of the latest attempt; nodes of earlier ones are in its history.
        var last = task.History.LastOrDefault(h => h.Node is not null && (query.Attempt == 0 || h.Attempt == query.Attempt));
        if (last.Node is null)
        {
            return Problem.Of(ProblemKind.NotFound, "log-not-found", query.Attempt == 0
                ? $"{_key} has not been on a node yet, so it has no output."
                : $"{_key} has no attempt {query.Attempt} that is still remembered.");
        }

        var attempt = new AttemptId(_key.Job, _key.Instance, last.Attempt);
        return await GrainFactory.GetGrain<INodeGrain>(last.Node)
            .ReadLog(attempt, query with { Attempt = last.Attempt }, cancellationToken);
    }
}
