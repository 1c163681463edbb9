namespace OrleansScheduler.Gateway.Tests;

/// <summary>
/// A job that answers at once. Jobs named <c>timeout</c>, <c>unreachable</c>, <c>broken</c> and <c>slow</c> fail in that way.
/// </summary>
public sealed class FakeJobGrain(FakeCell cell) : Grain, IJobGrain
{
    private JobKey Key => JobKey.Parse(this.GetPrimaryKeyString());

    public async Task<Answer<SubmitReceipt>> Submit(SubmitCommand command, CancellationToken cancellationToken = default)
    {
        await Misbehave(cancellationToken);
        cell.Commands.Enqueue(command);
        if (cell.Operations.TryGetValue(command.OperationId, out var before))
        {
            return ((SubmitCommand)before.Command).Spec.Equals(command.Spec)
                ? before.Answer
                : Problem.Of(ProblemKind.Conflict, "operation-reused", "The key was used for another spec.");
        }

        var known = cell.Jobs.TryGetValue(Key, out var job);
        if (command.ExpectedVersion is { } expected && expected != job?.Version)
            return Problem.Of(ProblemKind.Outdated, "version-outdated", $"The job has version {job?.Version}.");
        if (!known) job = cell.AddJob(Key.ToString(), command.Spec.Instances);
        Answer<SubmitReceipt> answer =
            new SubmitReceipt { Key = Key, Version = known ? job!.Version + 1 : 1, Outcome = known ? "updating" : "created" };
        cell.Operations[command.OperationId] = (command, answer);
        return answer;
    }

    public Task<Answer<CommandReceipt>> Scale(ScaleCommand command, CancellationToken cancellationToken = default) =>
        Receive(command, command.Instances);

    public Task<Answer<CommandReceipt>> Restart(InstancesCommand command, CancellationToken cancellationToken = default) =>
        Receive(command, command.Instances.Length);

    public Task<Answer<CommandReceipt>> Stop(InstancesCommand command, CancellationToken cancellationToken = default) =>
        Receive(command, command.Instances.Length);

    public Task<Answer<CommandReceipt>> Force(ForceCommand command, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<Answer<CommandReceipt>> Cron(CronCommand command, CancellationToken cancellationToken = default) => Receive(command, 1);

    public Task<Answer<UpdateReceipt>> ChangeUpdate(UpdateCommand command, CancellationToken cancellationToken = default)
    {
        if (!cell.Jobs.TryGetValue(Key, out var job)) return Task.FromResult<Answer<UpdateReceipt>>(Problem.NoSuchJob(Key));
        cell.Commands.Enqueue(command);
        return Task.FromResult<Answer<UpdateReceipt>>(job.Update is not { } update
            ? UpdateProblems.NotFound(Key, command.Update)
            : new UpdateReceipt { Key = Key, Update = update.ToVersion, Status = "ROLLING_FORWARD", Message = "done" });
    }

    public Task<Answer<SubmitReceipt>> RollbackTo(RollbackCommand command, CancellationToken cancellationToken = default)
    {
        if (!cell.Jobs.TryGetValue(Key, out var job)) return Task.FromResult<Answer<SubmitReceipt>>(Problem.NoSuchJob(Key));
        cell.Commands.Enqueue(command);
        if (command.ExpectedVersion is { } expected && expected != job.Version)
            return Task.FromResult<Answer<SubmitReceipt>>(Problem.Of(ProblemKind.Outdated, "version-conflict", "It has another."));
        return Task.FromResult<Answer<SubmitReceipt>>(new SubmitReceipt { Key = Key, Version = job.Version + 1, Outcome = "updating" });
    }

    public Task<ImmutableArray<UpdateView>> ListUpdates(CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<UpdateView>>(cell.Jobs.GetValueOrDefault(Key)?.Update is { } update ? [update] : []);

    public Task<ImmutableArray<VersionView>> ListVersions(CancellationToken cancellationToken = default) =>
        Task.FromResult(cell.Versions.GetValueOrDefault(Key, []));

    public async Task<JobView?> Describe(CancellationToken cancellationToken = default)
    {
        await Misbehave(cancellationToken);
        return cell.Jobs.GetValueOrDefault(Key);
    }

    public Task<ImmutableArray<TaskView>> ListTasks(int fromInstance, int limit, CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<TaskView>>(
            [.. cell.Tasks.GetValueOrDefault(Key, []).Where(task => task.Instance >= fromInstance).Take(limit)]);

    public async Task<Answer<ServiceView>> DescribeService(CancellationToken cancellationToken = default)
    {
        await Misbehave(cancellationToken);
        if (!cell.Jobs.TryGetValue(Key, out var job)) return Problem.NoSuchJob(Key);
        if (job.Type != JobType.Service) return Problem.Of(ProblemKind.NotFound, "not-a-service", "It is none.");
        return new ServiceView
        {
            Key = Key,
            Version = job.Version,
            Wanted = job.Instances,
            Instances = [.. cell.Tasks[Key].Where(task => task.Status == ScheduleStatus.Running).Select(task => new ServiceInstance
            {
                Instance = task.Instance,
                Attempt = task.Attempt,
                Node = task.Node!,
                Ports = task.Ports,
                Version = task.Version,
            })],
        };
    }

    public Task<TaskView?> DescribeTask(int instance, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ImmutableArray<AttemptRef>> Place(PlacementBatch placements, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<AttemptRef>> Preempt(PreemptBatch victims, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<ReportAnswer> Report(NodeReport report, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task NodeChanged(NodeNews news, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<DrainAnswer> Drain(DrainAsk ask, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<JobSlaView?> DescribeSla(TimeSpan window, CancellationToken cancellationToken = default) => Task.FromResult(
        cell.Jobs.ContainsKey(Key)
            ? new JobSlaView { Job = Key, WindowSeconds = window.TotalSeconds, PlatformUptimePercent = 99.5 }
            : null);

    public Task LedgerChanged(long ledgerEpoch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<DependencyState> Follow(JobKey follower, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task DependencyChanged(JobKey job, DependencyState state, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<bool> Wake(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<JobMotion> Look(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private Task Misbehave(CancellationToken cancellationToken = default) => Key.Name switch
    {
        "timeout" => throw new TimeoutException("a secret detail"),
        "unreachable" => throw new SiloUnavailableException("a secret detail"),
        "busy" => throw new OverloadedException("a secret detail"),
        "broken" => throw new InvalidOperationException("a secret detail"),
        "slow" => Task.Delay(TimeSpan.FromSeconds(60), cancellationToken),
        _ => Task.CompletedTask,
    };

    private Task<Answer<CommandReceipt>> Receive(object command, int instances)
    {
        if (!cell.Jobs.ContainsKey(Key)) return Task.FromResult<Answer<CommandReceipt>>(Problem.NoSuchJob(Key));
        cell.Commands.Enqueue(command);
        return Task.FromResult<Answer<CommandReceipt>>(new CommandReceipt { Key = Key, Instances = instances, Message = "done" });
    }
}

public sealed class FakeJobIndexGrain(FakeCell cell) : Grain, IJobIndexGrain
{
    public Task<ImmutableArray<JobKey>> List(
        JobKey? after, string? role, string? environment, int limit, CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<JobKey>>([.. Mine()
            .Where(
                key => (after is null || key > after) && (role is null || key.Role == role)
                    && (environment is null || key.Environment == environment))
            .Order().Take(limit)]);

    public Task<int> Count(CancellationToken cancellationToken = default) => Task.FromResult(Mine().Count());

    public Task Add(JobKey job, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task SetMotion(JobKey job, bool inMotion, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Wake(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private IEnumerable<JobKey> Mine() => cell.Jobs.Keys.Where(key => JobIndex.ShardOf(key) == this.GetPrimaryKeyLong());
}

public sealed class FakeTaskGrain(FakeCell cell) : Grain, ITaskGrain
{
    private string Key => this.GetPrimaryKeyString();

    public Task<TaskView?> Describe(CancellationToken cancellationToken = default) => Task.FromResult(Find());

    public Task<Answer<CommandReceipt>> Kill(string operationId, string actor, CancellationToken cancellationToken = default) =>
        Receive("kill", operationId, actor);

    public Task<Answer<CommandReceipt>> Restart(string operationId, string actor, CancellationToken cancellationToken = default) =>
        Receive("restart", operationId, actor);

    public Task<Answer<CommandReceipt>> Force(
        string operationId, ScheduleStatus status, string actor, CancellationToken cancellationToken = default) =>
        Receive($"force {status.ToName()}", operationId, actor);

    public Task<Answer<LogChunk>> ReadLog(LogQuery query, CancellationToken cancellationToken = default) =>
        Task.FromResult(cell.Logs.TryGetValue((Key, query.Stream), out var log)
            ? log.Read(query)
            : Problem.Of(ProblemKind.NotFound, "attempt-not-found", "No attempt of this task has had a node."));

    private TaskView? Find() => TaskKey.TryParse(Key, out var key)
        ? cell.Tasks.GetValueOrDefault(key.Job, []).FirstOrDefault(task => task.Instance == key.Instance)
        : null;

    private Task<Answer<CommandReceipt>> Receive(string verb, string operationId, string actor)
    {
        if (Find() is not { } task)
            return Task.FromResult<Answer<CommandReceipt>>(Problem.Of(ProblemKind.NotFound, "task-not-found", "No such task."));
        cell.Commands.Enqueue((verb, operationId, actor));
        return Task.FromResult<Answer<CommandReceipt>>(new CommandReceipt { Key = task.Job, Instances = 1, Message = verb });
    }
}

public sealed class FakeLedgerGrain(FakeCell cell) : Grain, IResourceLedgerGrain
{
    public Task<ImmutableArray<NodeView>> ListNodes(CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<NodeView>>([.. cell.Nodes.Values.OrderBy(node => node.Description.Id, StringComparer.Ordinal)]);

    public Task<LedgerSummary> Summarise(CancellationToken cancellationToken = default) => Task.FromResult(new LedgerSummary(
        Epoch: 4, ImmutableSortedDictionary<string, int>.Empty.Add("ready", cell.Nodes.Count), new(4000, 8192, 100_000, 0),
        new(500, 256, 0, 0), Placed: 2, Pending: 1, Silo: "10.0.0.1:11111"));

    public Task<Problem?> Admit(JobKey job, Resources use, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<ExplainView?> Explain(JobKey job, CancellationToken cancellationToken = default) =>
        Task.FromResult(cell.Explanations.GetValueOrDefault(job));

    public Task<Answer<WhatIfView>> WhatIf(WhatIf change, CancellationToken cancellationToken = default)
    {
        cell.Questions.Enqueue(change);
        return Task.FromResult<Answer<WhatIfView>>(cell.Outlook);
    }

    public Task<Answer<RoleView>> SetRole(RoleCommand command, CancellationToken cancellationToken = default)
    {
        cell.Commands.Enqueue(command);
        var before = cell.Roles.GetValueOrDefault(command.Role) ?? new RoleView { Role = command.Role };
        return Task.FromResult<Answer<RoleView>>(cell.Roles[command.Role] = before with
        {
            Quota = command.SetsQuota ? command.Quota : before.Quota,
            Weight = command.Weight ?? before.Weight,
        });
    }

    public Task<ImmutableArray<RoleView>> ListRoles(CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<RoleView>>([.. cell.Roles.Values.OrderBy(role => role.Role, StringComparer.Ordinal)]);

    public Task<Answer<NodeView>> Reserve(ReserveCommand command, CancellationToken cancellationToken = default)
    {
        if (!cell.Nodes.TryGetValue(command.Node, out var node))
            return Task.FromResult<Answer<NodeView>>(Problem.Of(ProblemKind.NotFound, "node-not-found", "No such node."));
        cell.Commands.Enqueue(command);
        return Task.FromResult<Answer<NodeView>>(node);
    }

    public Task Wake(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task<long> CurrentEpoch(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Overtake(long seen, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<bool> MayReplace(string node, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ClaimAnswer> Settle(JobClaim claim, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> NodeChanged(NodeCondition condition, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<HeldByJob>> HeldOn(string node, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}

public sealed class FakeEventFeedGrain(FakeCell cell) : Grain, IEventFeedGrain
{
    public Task Publish(ImmutableArray<EventView> events) => throw new NotSupportedException();

    public Task Append(EventBatch batch) => throw new NotSupportedException();

    public Task<string> ReadEnd(CancellationToken cancellationToken = default) => Task.FromResult(cell.Feed.End);

    public Task<Answer<EventPage>> Read(string? after, int limit, TimeSpan wait, CancellationToken cancellationToken = default) =>
        cell.Feed.Read(after, limit, wait, cancellationToken);
}
