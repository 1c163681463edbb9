namespace OrleansScheduler.Shim;

/// <summary>Where a process of a task stands.</summary>
internal enum ProcessPhase
{
    /// <summary>It has not run yet, or is to run again.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has ended well and will not run again.</summary>
    Succeeded,

    /// <summary>It has failed as often as it may.</summary>
    Failed,

    /// <summary>It was ended with the task.</summary>
    Killed,
}

/// <summary>Where a task stands (Thermos' stages).</summary>
internal enum TaskStage
{
    /// <summary>Its processes run by their order.</summary>
    Active,

    /// <summary>Those that still run were asked to end.</summary>
    Cleaning,

    /// <summary>Its final processes run.</summary>
    Finalizing,

    /// <summary>Nothing runs any more.</summary>
    Over,
}

/// <summary>What is to be done about a process.</summary>
internal enum PlanVerb
{
    /// <summary>Start it.</summary>
    Start,

    /// <summary>Ask it to end, by SIGTERM.</summary>
    Ask,

    /// <summary>End it and all that it started, by SIGKILL.</summary>
    Kill,
}

/// <summary>What is to be done about a process.</summary>
/// <param name="Verb">What.</param>
/// <param name="Process">Its place in <see cref="ShimSpec.Processes"/>.</param>
internal readonly record struct PlanStep(PlanVerb Verb, int Process);

/// <summary>
/// Decides which process of a task runs when. Pure: times are milliseconds of any clock that only goes forward. The rules are those of
/// Thermos (Apache Aurora's executor): order, retries, daemons, ephemeral and final processes, and the stages to the end.
/// </summary>
internal sealed class TaskPlan
{
    private readonly ShimSpec _spec;
    private readonly Entry[] _entries;
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private long _deadline = long.MaxValue;
    private bool _killed;
    private bool _blocked;

    public TaskPlan(ShimSpec spec)
    {
        _spec = spec;
        _entries = [.. spec.Processes.Select(process => new Entry(process))];
        for (var i = 0; i < _entries.Length; i++) _index.Add(_entries[i].Process.Name, i);
    }

    /// <summary>Where the task stands.</summary>
    public TaskStage Stage { get; private set; }

    /// <summary>Whether it ended because somebody asked for that.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>Whether the task ended well, or would if it ended now.</summary>
    public bool IsHealthy => !_blocked && (_spec.MaxFailures == 0 || Failures < _spec.MaxFailures);

    /// <summary>The first process that failed for good; null when none did.</summary>
    public int? FirstFailed { get; private set; }

    /// <summary>When the plan has to be looked at again at the latest.</summary>
    public long WakeAt { get; private set; } = long.MaxValue;

    private int Failures => _entries.Count(e => e is { Phase: ProcessPhase.Failed, Process: { Ephemeral: false, Final: false } });

    /// <summary>Where a process stands.</summary>
    public ProcessPhase PhaseOf(int process) => _entries[process].Phase;

    /// <summary>How often a process was started.</summary>
    public int RunsOf(int process) => _entries[process].Runs;

    /// <summary>A process has ended.</summary>
    /// <param name="process">Which.</param>
    /// <param name="succeeded">Whether it exited with 0.</param>
    public void Ended(int process, bool succeeded)
    {
        ref var entry = ref _entries[process];
        if (entry.Phase != ProcessPhase.Running) return;
        if (Stage == TaskStage.Cleaning || _killed)
        {
            entry.Phase = succeeded && !entry.Process.Daemon ? ProcessPhase.Succeeded : ProcessPhase.Killed;
            return;
        }

        if (succeeded)
        {
            entry.Phase = entry.Process.Daemon ? ProcessPhase.Waiting : ProcessPhase.Succeeded;
            return;
        }

        entry.Failures++;
        entry.Phase = entry.Process.MaxFailures > 0 && entry.Failures >= entry.Process.MaxFailures
            ? ProcessPhase.Failed
            : ProcessPhase.Waiting;
        if (entry is { Phase: ProcessPhase.Failed, Process: { Ephemeral: false, Final: false } }) FirstFailed ??= process;
    }

    /// <summary>Somebody wants the task to end: what runs is asked to, then the final processes have their time.</summary>
    public void Stop()
    {
        if (Stage == TaskStage.Active) WasStopped = true;
    }

    /// <summary>Somebody wants the task to end at once.</summary>
    public void Kill()
    {
        if (Stage == TaskStage.Over) return;
        WasStopped |= Stage == TaskStage.Active;
        _killed = true;
    }

    /// <summary>What is to be done now. Processes to start count as running from here on.</summary>
    public List<PlanStep> Next(long now)
    {
        var steps = new List<PlanStep>();
        WakeAt = long.MaxValue;
        if (Stage == TaskStage.Active)
        {
            if (!WasStopped && !_killed && IsHealthy && !IsDone(final: false)) StartRunnable(final: false, now, steps);

            // What still waits does so for something that has failed.
            _blocked = !WasStopped && !_killed && IsHealthy && !IsDone(final: false) && !CanGoOn();
            if (WasStopped || _killed || !IsHealthy || IsDone(final: false)) Enter(TaskStage.Cleaning, now, steps);
        }

        if (Stage == TaskStage.Cleaning)
        {
            if (AnyRunning()) Press(now, steps);
            else Enter(_killed || !_entries.Any(e => e.Process.Final) ? TaskStage.Over : TaskStage.Finalizing, now, steps);
        }

        if (Stage == TaskStage.Finalizing)
        {
            if (!IsDone(final: true) && !_killed && now < _deadline) StartRunnable(final: true, now, steps);
            if (!AnyRunning() && (IsDone(final: true) || _killed || now >= _deadline || WakeAt == long.MaxValue))
                Enter(TaskStage.Over, now, steps);
            else if (AnyRunning() && (_killed || now >= _deadline)) Press(now, steps);
            else WakeAt = Math.Min(WakeAt, _deadline);
        }

        return steps;
    }

    private void Enter(TaskStage stage, long now, List<PlanStep> steps)
    {
        Stage = stage;
        _deadline = _killed ? now : now + _spec.FinalizationWait;
        if (stage != TaskStage.Cleaning) return;
        for (var i = 0; i < _entries.Length; i++)
        {
            if (_entries[i].Phase == ProcessPhase.Running && !_killed) steps.Add(new(PlanVerb.Ask, i));
        }
    }

    /// <summary>Ends what still runs once its time is over.</summary>
    private void Press(long now, List<PlanStep> steps)
    {
        if (now < _deadline && !_killed)
        {
            WakeAt = Math.Min(WakeAt, _deadline);
            return;
        }

        for (var i = 0; i < _entries.Length; i++)
        {
            if (_entries[i].Phase == ProcessPhase.Running) steps.Add(new(PlanVerb.Kill, i));
        }
    }

    private void StartRunnable(bool final, long now, List<PlanStep> steps)
    {
        var running = _entries.Count(e => e.Phase == ProcessPhase.Running);
        for (var i = 0; i < _entries.Length; i++)
        {
            ref var entry = ref _entries[i];
            if (entry.Phase != ProcessPhase.Waiting || entry.Process.Final != final || !MayFollow(entry.Process)) continue;
            if (_spec.MaxConcurrency > 0 && running >= _spec.MaxConcurrency) return;
            var due = entry.Runs == 0 ? now : entry.StartedAt + entry.Process.MinDuration;
            if (due > now)
            {
                WakeAt = Math.Min(WakeAt, due);
                continue;
            }

            entry.Phase = ProcessPhase.Running;
            entry.StartedAt = now;
            entry.Runs++;
            running++;
            steps.Add(new(PlanVerb.Start, i));
        }
    }

    private bool MayFollow(ShimProcess process) =>
        process.After.All(name => _entries[_index[name]].Phase == ProcessPhase.Succeeded);

    // A daemon that the task has to wait for keeps it running until it fails or is stopped.
    private bool IsDone(bool final) => _entries.All(e =>
        e.Process.Final != final || e.Process.Ephemeral || e.Phase is ProcessPhase.Succeeded or ProcessPhase.Failed or ProcessPhase.Killed);

    private bool CanGoOn() => _entries.Any(e => e.Process is { Final: false, Ephemeral: false }
        && (e.Phase == ProcessPhase.Running || (e.Phase == ProcessPhase.Waiting && MayFollow(e.Process))));

    private bool AnyRunning() => _entries.Any(e => e.Phase == ProcessPhase.Running);

    private struct Entry(ShimProcess process)
    {
        public ShimProcess Process { get; } = process;

        public ProcessPhase Phase { get; set; }

        public int Runs { get; set; }

        public int Failures { get; set; }

        public long StartedAt { get; set; }
    }
}
