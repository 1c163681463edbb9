namespace OrleansScheduler.Agent;

/// <summary>Every attempt that this node knows: accepted, and its end not yet acknowledged. Keeps memory, disk and digest in
/// step.</summary>
internal sealed partial class AttemptTable(NodeJournal journal, ILogger<AttemptTable> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AttemptId, Attempt> _known = [];
    private ulong _digest;

    /// <summary>Told of every attempt whose report has changed. Must only take a note.</summary>
    public Action<AttemptId>? Changed { get; set; }

    /// <summary>Told of every attempt that was forgotten, with what it leaves on disk.</summary>
    public Action<AttemptDirectory>? Forgotten { get; set; }

    /// <summary>Digest over all attempts that the cell is told about.</summary>
    public ulong Digest
    {
        get
        {
            lock (_lock) return _digest;
        }
    }

    /// <summary>All attempts, in no order.</summary>
    public ImmutableArray<Attempt> All
    {
        get
        {
            lock (_lock) return [.. _known.Values];
        }
    }

    /// <summary>The attempt; null when it is not known.</summary>
    public Attempt? Find(AttemptId id)
    {
        lock (_lock) return _known.GetValueOrDefault(id);
    }

    /// <summary>Takes an attempt in that the journal knows. Its directory is made.</summary>
    public void Add(Attempt attempt)
    {
        attempt.Directory.Create();
        Restore(attempt);
    }

    /// <summary>Takes an attempt in that has its directory already, or needs none.</summary>
    public void Restore(Attempt attempt)
    {
        lock (_lock)
        {
            _known.Add(attempt.Id, attempt);
            _digest += Share(attempt);
        }

        Repeat(attempt);
    }

    /// <summary>Changes what is known of an attempt. An attempt that has ended never changes again.</summary>
    public void Change(Attempt attempt, Func<AttemptRecord, AttemptRecord> change)
    {
        lock (attempt)
        {
            var before = attempt.Record;
            if (before.Status.IsTerminal()) return;
            var after = change(before);
            Note(after);
            lock (_lock)
            {
                if (!_known.ContainsKey(attempt.Id)) return;
                _digest -= Share(attempt);
                attempt.Record = after;
                _digest += Share(attempt);
            }

            if (after.Sequence != before.Sequence) Repeat(attempt);

            if (after.Stop is not null) attempt.SignalStop();
        }
    }

    /// <summary>Has an attempt reported again as it is.</summary>
    public void Repeat(Attempt attempt)
    {
        if (attempt.Record.IsReported) Changed?.Invoke(attempt.Id);
    }

    /// <summary>The cell has made a report durable. An end that was acknowledged is forgotten here.</summary>
    public void Acknowledge(AttemptId id, long sequence)
    {
        if (Find(id) is not { Record: { IsReported: true } record } attempt) return;
        if (record.Status.IsTerminal() && sequence >= record.Sequence) Forget(attempt);
    }

    /// <summary>Forgets an attempt; what it leaves on disk is kept for a while.</summary>
    public void Forget(Attempt attempt)
    {
        lock (_lock)
        {
            if (!_known.Remove(attempt.Id)) return;
            _digest -= Share(attempt);
        }

        try
        {
            journal.Forget(attempt.Id);
        }
        catch (IOException e)
        {
            // The next agent reports its end again, and that is acknowledged again.
            LogNotNoted(e, attempt.Record.Name, attempt.Record.Status);
        }

        attempt.Directory.Forget();
        Forgotten?.Invoke(attempt.Directory);
    }

    private static ulong Share(Attempt attempt) =>
        attempt.Record.IsReported ? OrleansScheduler.Core.Digest.Of(attempt.Id, attempt.Record.Sequence) : 0;

    private void Note(AttemptRecord record)
    {
        try
        {
            journal.Note(record);
        }
        catch (IOException e)
        {
            // The next agent works it out again from what the supervisor left; a full disk must not stop this one.
            LogNotNoted(e, record.Name, record.Status);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Attempt {Attempt} is {Status}, and that could not be written to disk")]
    private partial void LogNotNoted(Exception exception, string attempt, ScheduleStatus status);
}
