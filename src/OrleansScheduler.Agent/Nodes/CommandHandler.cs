using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Decides which commands are obeyed, remembers them durably, and carries them out.</summary>
internal sealed partial class CommandHandler(
    StateDirectory state, NodeJournal journal, NodeLease lease, AttemptTable table, TaskRunner runner, TaskSpecReader specs,
    CgroupTree cgroups, NodeDescription node,
    AgentTelemetry telemetry, TimeProvider time, ILogger<CommandHandler> logger)
{
    /// <summary>Highest epoch of the ledger that was obeyed; 0 for none.</summary>
    public long LedgerEpoch => journal.LedgerEpoch;

    /// <summary>Takes over what earlier agents have left behind.</summary>
    public void Recover()
    {
        var adopted = 0;
        foreach (var record in journal.Records)
        {
            var attempt = new Attempt(new(state.Root, AttemptId.Parse(record.Name)), record, specs.Read(record.Spec));
            table.Restore(attempt);
            if (record.Stop is not null) attempt.SignalStop();
            if (!record.Status.IsTerminal()) runner.Adopt(attempt);
            else if (!record.IsReported) table.Forget(attempt);
            adopted++;
        }

        // One that was accepted and is not looked after any more has ended: its sandbox is still there for people to look at.
        foreach (var directory in AttemptDirectory.Enumerate(state.Root).Where(directory => !journal.Contains(directory.Attempt)))
        {
            if (!File.Exists(directory.Pid) || File.Exists(directory.Exit)) continue;

            // Somebody took the journal away. Nobody knows of this any more, so it must not run on.
            LogUnwanted(directory.Attempt);
            var stranger = new Attempt(directory, Stranger(directory.Attempt), spec: null);
            table.Restore(stranger);
            runner.Adopt(stranger);
        }

        cgroups.RemoveStrangers(name => Path.Combine(AttemptDirectory.AllOf(state.Root), name) is var root
            && table.All.Any(attempt => attempt.Directory.Root == root));
        if (adopted > 0) LogRecovered(adopted);
    }

    /// <summary>Carries out a message of commands, as far as its senders may still command.</summary>
    public void Obey(Protocol.Commands commands, long generation)
    {
        if (commands.Generation < generation)
        {
            var count = commands.Launches.Sum(launch => launch.Attempts.Count) + commands.Kills.Sum(kill => kill.Attempts.Count);
            Refuse("generation", count, commands.Generation, generation);
            return;
        }

        var epoch = journal.LedgerEpoch;
        var launches = commands.Launches.Where(launch => IsCurrent(launch.LedgerEpoch, launch.Attempts.Count, ref epoch)).ToList();
        var kills = commands.Kills.Where(kill => IsCurrent(kill.LedgerEpoch, kill.Attempts.Count, ref epoch)).ToList();
        var accepted = new List<(Attempt Attempt, string TraceParent)>();
        foreach (var launch in launches)
        {
            foreach (var attempt in launch.Attempts)
            {
                if (Accept(launch, attempt) is { } added) accepted.Add((added, launch.TraceParent));
            }
        }

        foreach (var (attempt, id) in Kills(kills))
        {
            if (attempt is not null) runner.Stop(attempt, StopReason.Kill, "Its job asked for its end.");
            else if (accepted.Find(pair => pair.Attempt.Id == id).Attempt is { } launched) launched.Record = Killed(launched.Record);
            else accepted.Add((Ended(id, ScheduleStatus.Killed, "It was killed before it was started, or is forgotten."), ""));
        }

        try
        {
            journal.Accept(epoch, [.. accepted.Select(pair => pair.Attempt.Record)]);
        }
        catch (IOException e)
        {
            telemetry.Refused("disk", accepted.Count);
            LogNotAccepted(e, accepted.Count);
            return;
        }

        foreach (var (attempt, traceParent) in accepted) Begin(attempt, traceParent);
        Forget(commands.Unknown);
    }

    /// <summary>Stops attempts that no job wants, and forgets them without a report.</summary>
    public void Forget(IEnumerable<Protocol.Attempt> attempts)
    {
        foreach (var named in attempts)
        {
            if (named.ToAttemptId() is not { } id || table.Find(id) is not { } attempt) continue;
            LogUnwanted(id);
            if (attempt.Record.Status.IsTerminal()) table.Forget(attempt);
            else runner.Stop(attempt, StopReason.Unwanted, "No job wants it.");
        }
    }

    private IEnumerable<(Attempt? Attempt, AttemptId Id)> Kills(IEnumerable<Protocol.Kill> kills) =>
        from kill in kills
        from named in kill.Attempts
        let id = Messages.ToAttemptId(kill.Job, named.Instance, named.Number)
        where id is not null
        select (table.Find(id.Value), id.Value);

    private Attempt? Accept(Protocol.Launch launch, Protocol.LaunchAttempt named)
    {
        if (Messages.ToAttemptId(launch.Job, named.Instance, named.Number) is not { } id) return null;
        if (table.Find(id) is { } known)
        {
            table.Repeat(known);
            return null;
        }

        if (journal.Contains(id))
        {
            // A late command, or one of a job whose former owner had it forgotten. Whoever still waits for it has to hear that it is gone.
            telemetry.Refused("repeated", 1);
            LogRepeated(id);
            return Ended(id, ScheduleStatus.Lost, "The node has had it before and has forgotten it.");
        }

        var text = launch.Specs.GetValueOrDefault(named.Version, "");
        var spec = specs.Read(text);
        var record = new AttemptRecord
        {
            Name = id.ToString(),
            Spec = text,
            Ports = [.. named.Ports],
            Devices = [.. named.Devices],
            Items = [.. named.Items],
            Strict = named.Strict,
            BootId = node.BootId,
            At = time.GetUtcNow(),
        };
        if (spec is null) record = Failed(record, "The node cannot read what it should run.");
        else if (spec.Ports.Length != record.Ports.Length)
            record = Failed(record, $"It needs {spec.Ports.Length} ports and was given {record.Ports.Length}.");
        return new(new(state.Root, id), record, spec) { StartBy = lease.Over };
    }

    // The order of what follows is what a crash at any point relies on: journal, record, process, report.
    private void Begin(Attempt attempt, string traceParent)
    {
        // The same attempt twice in one message.
        if (table.Find(attempt.Id) is not null) return;
        try
        {
            table.Add(attempt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoRoom(e, attempt.Id);
            table.Restore(attempt);
            table.Change(attempt, record => Failed(record, $"The node could not make its sandbox: {e.Message}"));
        }

        if (!attempt.Record.Status.IsTerminal()) runner.Start(attempt, traceParent);
    }

    /// <summary>One that does not run, to be told about once more.</summary>
    private Attempt Ended(AttemptId id, ScheduleStatus status, string message) => new(
        new(state.Root, id),
        new() { Name = id.ToString(), Spec = "", BootId = node.BootId, At = time.GetUtcNow(), Status = status, Message = message },
        spec: null);

    private AttemptRecord Stranger(AttemptId id) => new()
    {
        Name = id.ToString(),
        Spec = "",
        BootId = node.BootId,
        At = time.GetUtcNow(),
        Stop = StopReason.Unwanted,
    };

    private static AttemptRecord Killed(AttemptRecord record) =>
        record with { Status = ScheduleStatus.Killed, Message = "It was killed before it was started." };

    private static AttemptRecord Failed(AttemptRecord record, string message) =>
        record with { Status = ScheduleStatus.Failed, Message = message };

    private bool IsCurrent(long commandEpoch, int count, ref long epoch)
    {
        if (commandEpoch < epoch)
        {
            Refuse("epoch", count, commandEpoch, epoch);
            return false;
        }

        epoch = commandEpoch;
        return true;
    }

    private void Refuse(string what, int count, long theirs, long ours)
    {
        telemetry.Refused(what, count);
        LogRefused(count, what, theirs, ours);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Commands about {Count} attempts were refused: their {What} is {Theirs}, the highest seen is {Ours}")]
    private partial void LogRefused(int count, string what, long theirs, long ours);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Commands about {Count} attempts were not obeyed: the state directory does not take them")]
    private partial void LogNotAccepted(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} has run here before and is not started again")]
    private partial void LogRepeated(AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} is wanted by no job; it is stopped and forgotten")]
    private partial void LogUnwanted(AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "Attempt {Attempt} has no sandbox")]
    private partial void LogNoRoom(Exception exception, AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent found {Count} attempts of before")]
    private partial void LogRecovered(int count);
}
