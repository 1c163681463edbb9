using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Maintenance: what operators want of the node, kept durably, and the jobs that are asked to leave it.</content>
internal sealed partial class NodeGrain
{
    /// <summary>Operations whose repetitions are recognised; the oldest go first.</summary>
    private const int MaxOperations = 16;

    private DrainRound? _lastAsked;
    private Task _draining = Task.CompletedTask;

    private NodeMaintenance Maintenance => new(record.State.Mode, record.State.Maintenance);

    public Task<Answer<NodeView>> Drain(string operationId, string actor, CancellationToken cancellationToken) =>
        Maintain(new MaintenanceCommand { OperationId = operationId, Actor = actor, Request = new() { Force = true } }, cancellationToken);

    public Task<Answer<NodeView>> Undrain(string operationId, string actor, CancellationToken cancellationToken) =>
        Maintain(new MaintenanceCommand { OperationId = operationId, Actor = actor }, cancellationToken);

    public async Task<Answer<NodeView>> Maintain(MaintenanceCommand command, CancellationToken cancellationToken)
    {
        if (record.State.Description is null)
            return Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {_id} in this cell.");

        // A repetition that arrives late must not undo what has been asked since then.
        var subject = $"{command.IsSchedule} {command.Request}";
        if (record.State.Operations.FirstOrDefault(o => o.Id == command.OperationId) is { } known)
        {
            if (known.Subject == subject) return (await Describe(cancellationToken))!;
            return Problem.Of(ProblemKind.Invalid, "idempotency-key-reused",
                $"The operation id '{command.OperationId}' was used for another request: use a new one for a new request.");
        }

        var changed = await Keep(current => Next(current, command), new NodeOperation(command.OperationId, subject), cancellationToken);
        if (changed.Problem is { } problem) return problem;
        await TellLedger(_reachable, cancellationToken);
        Publish(command.Request is null ? "READY" : changed.Value.Mode == MaintenanceMode.Scheduled ? "SCHEDULED" : "DRAINING",
            $"By {command.Actor}");
        await DrainTasks(cancellationToken);
        return (await Describe(cancellationToken))!;
    }

    public async Task<DrainView?> DescribeDrain(CancellationToken cancellationToken)
    {
        if (record.State.Description is null) return null;
        var current = Maintenance;
        var held = await Ledger.HeldOn(_id, cancellationToken);
        var asked = _lastAsked is { } last && last.Of == current ? last : null;
        return new DrainView
        {
            Node = _id,
            Mode = current.Mode,
            DefaultSla = current.Request?.DefaultSla is { } sla ? SlaRules.Describe(sla) : null,
            From = current.Mode == MaintenanceMode.Scheduled ? current.Request?.From : null,
            Until = current.Request?.Until,
            Deadline = current.Request?.Deadline,
            Force = current.Mode == MaintenanceMode.Draining && (current.Request?.IsForced(time.GetUtcNow()) ?? true),
            Tasks = held.Sum(h => h.Attempts.Length),
            Leaving = asked?.Leaving ?? 0,
            Held = asked?.Held ?? [],
            AskedAt = asked?.At,
        };
    }

    private Answer<NodeMaintenance> Next(NodeMaintenance current, MaintenanceCommand command)
    {
        var now = time.GetUtcNow();
        if (command.Request is not { } request) return NodeMaintenance.None;
        if (command.IsSchedule) return MaintenanceMachine.Schedule(current, request, now);
        return MaintenanceMachine.Check(request, now) is { } problem ? problem : MaintenanceMachine.Drain(request, now);
    }

    /// <summary>Once a second: windows begin and end, and who is still here is asked again.</summary>
    private async Task LookAfterMaintenance(CancellationToken cancellationToken)
    {
        if (record.State.Mode == MaintenanceMode.None) return;
        var before = Maintenance;
        var after = MaintenanceMachine.Tick(before, time.GetUtcNow());
        if (after != before)
        {
            await Keep(current => MaintenanceMachine.Tick(current, time.GetUtcNow()), null, cancellationToken);
            if (Maintenance == before) return;
            await TellLedger(_reachable, cancellationToken);
            Publish(record.State.Mode == MaintenanceMode.None ? "READY" : "DRAINING", "By its schedule");
        }

        // Repeated as long as it matters: a job may have missed it, may let more go by now, or was given the node just before.
        if (!_reachable || record.State.Mode != MaintenanceMode.Draining) return;
        if (_lastAsked is { } last && last.Of == Maintenance && last.Forced == IsForced()
            && time.GetElapsedTime(last.Stamp) < options.Value.Maintenance.AskEvery) return;

        // Not waited for: many jobs that do not answer must not keep the node from noticing that its agent is silent.
        if (_draining.IsCompleted) _draining = TryDrain(cancellationToken);
    }

    private async Task TryDrain(CancellationToken cancellationToken)
    {
        try
        {
            await DrainTasks(cancellationToken);
        }
        catch (Exception e)
        {
            LogLookAroundFailed(_id, e);   // the next look comes in a second
        }
    }

    private bool IsForced() => Maintenance.Request?.IsForced(time.GetUtcNow()) ?? true;

    private async Task DrainTasks(CancellationToken cancellationToken)
    {
        var current = Maintenance;
        if (current.Mode != MaintenanceMode.Draining) return;

        // Nothing is left only when the ledger knows that nothing more may come.
        if (_told?.Mode != current.Mode) await TellLedger(_reachable, cancellationToken);
        var holding = await Ledger.HeldOn(_id, cancellationToken);
        if (holding.IsEmpty)
        {
            await Keep(now => MaintenanceMachine.Emptied(now, current), null, cancellationToken);
            if (record.State.Mode != MaintenanceMode.Drained) return;
            Publish("DRAINED", null);
            await TellLedger(_reachable, cancellationToken);
            return;
        }

        var (stamp, forced) = (time.GetTimestamp(), IsForced());
        List<DrainAnswer> answers = [];
        if (forced)
        {
            await TellJobs(new NodeNews(_id, Reachable: true, Draining: true, record.State.Generation), cancellationToken);
            answers.Add(new DrainAnswer([], holding.Sum(h => h.Attempts.Length)));
        }
        else
        {
            var ask = new DrainAsk(_id, current.Request?.DefaultSla, current.Request?.Deadline);
            foreach (var some in holding.Chunk(ReportWidth))
                answers.AddRange(await Task.WhenAll(some.Select(h => Ask(h, ask, cancellationToken))));
        }

        _lastAsked = new DrainRound(current, forced, stamp, time.GetUtcNow(), answers.Sum(a => a.Leaving),
            [.. answers.SelectMany(a => a.Held).Take(DrainView.MostHeld)]);
    }

    private async Task<DrainAnswer> Ask(HeldByJob held, DrainAsk ask, CancellationToken cancellationToken)
    {
        try
        {
            return await GrainFactory.GetGrain<IJobGrain>(held.Job.ToString()).Drain(ask, cancellationToken);
        }
        catch (Exception e)
        {
            LogAskFailed(_id, held.Job, e);
            return new DrainAnswer([.. held.Attempts.Select(a => new HeldInstance
            {
                Job = held.Job,
                Instance = a.Instance,
                Reason = $"{held.Job} could not be asked just now.",
            })], 0);
        }
    }

    /// <summary>Changes what is kept, once it is written. What is answered then may have been changed again.</summary>
    private async Task<Answer<NodeMaintenance>> Keep(
        Func<NodeMaintenance, Answer<NodeMaintenance>> change, NodeOperation? operation, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            var (before, operations) = (Maintenance, record.State.Operations);
            var answer = change(before);
            if (answer.Problem is not null || (answer.Value == before && operation is null)) return answer;
            health.Require();
            (record.State.Mode, record.State.Maintenance) = (answer.Value.Mode, answer.Value.Request);
            if (operation is not null) record.State.Operations = [.. operations.TakeLast(MaxOperations - 1), operation];
            try
            {
                await record.WriteStateAsync(cancellationToken);
            }
            catch
            {
                (record.State.Mode, record.State.Maintenance, record.State.Operations) = (before.Mode, before.Request, operations);
                throw;
            }

            return answer;
        }
        finally
        {
            _changes.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} could not ask job {Job} to leave it and asks again")]
    private partial void LogAskFailed(string node, JobKey job, Exception exception);

    /// <summary>What came of asking all jobs once.</summary>
    private sealed record DrainRound(
        NodeMaintenance Of, bool Forced, long Stamp, DateTimeOffset At, int Leaving, ImmutableArray<HeldInstance> Held);
}
