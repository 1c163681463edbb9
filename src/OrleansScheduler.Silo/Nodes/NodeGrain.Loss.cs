using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <content>Silence: when a node counts as lost, what its strict tasks may rely on, and who may take its name.</content>
internal sealed partial class NodeGrain
{
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(5);
    private MembershipVersion _members;
    private long _doubtful = time.GetTimestamp();
    private long _checked = time.GetTimestamp();

    /// <summary>How long after a change of the cluster there may be two activations, and one of them may give the node up.</summary>
    private TimeSpan DoubtFor => options.Value.UnreachableAfter + TimeSpan.FromSeconds(20);

    /// <summary>Once a second: has the agent been silent for too long, and is a drain done?</summary>
    private async Task LookAround(CancellationToken cancellationToken)
    {
        try
        {
            // The digests differ now, so the agent says everything, and what no job wants is ended.
            if (_adopted.Count > 0 && !safeMode.SparesUnknown)
            {
                _adopted.Clear();
                _attempts.Clear();
            }

            await TellLoss(cancellationToken);
            if (!_reachable && !_mayReplace) _mayReplace = await Ledger.MayReplace(_id, cancellationToken);

            // Repeated as long as it matters: a job may have missed it.
            var news = new NodeNews(_id, _reachable, record.State.Mode == MaintenanceMode.Draining,
                _reachable ? record.State.Generation : record.State.Lost, _mayReplace, !_reachable && LeaseEnded());
            if (await IsReplaced(cancellationToken)) return;
            await LookAfterMaintenance(cancellationToken);
            if (news == _news && time.GetElapsedTime(_lastNews) < RepeatPeriod) return;
            _news = news;
            if (!_reachable) await TellJobs(news, cancellationToken);
        }
        catch (InconsistentStateException)
        {
            // Another owner has written, or a write of this one has arrived of which it heard nothing: it could never write again.
            GiveWay();
        }
        catch (Exception e)
        {
            LogLookAroundFailed(_id, e);   // the next look comes in a second
        }
    }

    /// <summary>
    /// Whether another activation owns the node by now. While silos come and go there may be two for a while; this one would go on with
    /// its agent and never write, so it would never be told that the other one has given the node up.
    /// </summary>
    private async Task<bool> IsReplaced(CancellationToken cancellationToken)
    {
        var members = membership.CurrentSnapshot.Version;
        if (members != _members) (_members, _doubtful) = (members, time.GetTimestamp());
        if (time.GetElapsedTime(_doubtful) > DoubtFor || time.GetElapsedTime(_checked) < CheckPeriod) return false;
        _checked = time.GetTimestamp();
        var (before, stored) = (record.Etag, new GrainState<NodeRecord> { State = new() });
        await storage.ReadStateAsync(NodeRecord.StateName, context.GrainId, stored, cancellationToken);
        if (record.Etag != before || stored.ETag == before) return false;
        GiveWay();
        return true;
    }

    private void GiveWay()
    {
        LogReplaced(_id);
        _session?.Close($"Node {_id} is looked after elsewhere.").Ignore();
        Talk(null);
        DeactivateOnIdle();
    }

    /// <summary>A ledger that an agent has obeyed and the store has not had: the store is an old one, or another's.</summary>
    private async Task CheckStore(long ledgerEpoch, CancellationToken cancellationToken)
    {
        var current = await Ledger.CurrentEpoch(cancellationToken);
        if (ledgerEpoch <= current) return;
        var reason = $"Node {_id} has obeyed the ledger of epoch {ledgerEpoch}, and the store knows only {current}: "
            + "it is older than what runs.";
        await GrainFactory.GetGrain<ICellGrain>(ICellGrain.Id).EnterSafeMode(reason, cancellationToken);
        safeMode.Set(true);
        await Ledger.Overtake(ledgerEpoch, cancellationToken);
    }

    /// <summary>
    /// Nothing while somebody else changes the record: a registration that is not written yet is no session that could be lost, and what
    /// was told as lost cannot come back.
    /// </summary>
    private async Task TellLoss(CancellationToken cancellationToken)
    {
        if (!_changes.Wait(0, cancellationToken)) return;
        try
        {
            var silence = time.GetElapsedTime(_lastHeard);
            if (_reachable && silence > options.Value.UnreachableAfter) await Lose(silence, cancellationToken);
            else if (Condition(_reachable) != _told) await TellLedger(_reachable, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Ends the session for good, so that whatever is said of it later is known to be late.</summary>
    private async Task Lose(TimeSpan silence, CancellationToken cancellationToken)
    {
        LogSilent(_id, silence.TotalSeconds);
        record.State.Lost = record.State.Generation;
        await record.WriteStateAsync(cancellationToken);
        _session?.Close($"Node {_id} was silent for {silence.TotalSeconds:0.0} s.").Ignore();
        Talk(null);
        _attempts.Clear();
        Publish("UNREACHABLE", $"Silent for {silence.TotalSeconds:0.0} s");
        await TellLedger(reachable: false, cancellationToken);
    }

    /// <summary>Lets strict tasks run on for a while, if this silo may still say so.</summary>
    private TimeSpan Grant()
    {
        if (!authority.Holds) return TimeSpan.Zero;
        (_lastGrant, _granted) = (time.GetTimestamp(), true);
        return _terms.Duration;
    }

    /// <summary>
    /// Whether the agent has a lease, as far as this owner knows. After a time in which nobody could grant it has none until its next word.
    /// </summary>
    private bool HasLease => _granted && time.GetElapsedTime(_lastGrant) < _terms.Duration;

    /// <summary>Whether no lease can be valid any more, whoever gave it.</summary>
    private bool LeaseEnded() =>
        time.GetElapsedTime(_lastGrant) > _terms.SurelyOver && time.GetElapsedTime(_activated) > SiloAuthority.Term + _terms.SurelyOver;

    /// <summary>
    /// Whether an agent claims a node that another one has. That one's tasks may still run, and what this one does not know says nothing
    /// about them.
    /// </summary>
    private bool IsAnothers(NodeDescription description) =>
        record.State.Description is { AgentId: { Length: > 0 } owner } && owner != description.AgentId
        && (_reachable || !LeaseEnded());

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} is looked after by another activation; this one ends")]
    private partial void LogReplaced(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} is unreachable: silent for {Seconds:0.0} s")]
    private partial void LogSilent(string node, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} could not look around")]
    private partial void LogLookAroundFailed(string node, Exception exception);
}
