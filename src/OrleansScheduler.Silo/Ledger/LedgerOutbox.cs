using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Tells jobs which nodes their attempts got and which attempts make room for others, one message at a time per job, until they have
/// heard. What a job does not want or have any more is given back.
/// </summary>
internal sealed partial class LedgerOutbox(
    IGrainFactory grains, TimeProvider time, ILogger<LedgerOutbox> logger, Action<JobKey, ImmutableArray<AttemptRef>> giveBack,
        CancellationToken stopped)
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private readonly Dictionary<JobKey, Letter> _waiting = [];
    private readonly HashSet<JobKey> _running = [];

    /// <summary>Epoch under which all of it is told.</summary>
    public long Epoch { get; set; }

    public void Add(ImmutableArray<Reservation> reservations)
    {
        foreach (var reservation in reservations)
        {
            var letter = LetterTo(reservation.Job);
            for (var i = 0; i < reservation.Attempts.Length; i++)
                letter.Placements[reservation.Attempts[i]] = reservation.PlacementOf(i);
        }

        foreach (var reservation in reservations) Start(reservation.Job);
    }

    public void Repeat(IReadOnlyList<(JobKey Job, Placement Placement)> placements)
    {
        foreach (var (job, placement) in placements) LetterTo(job).Placements[placement.Attempt] = placement;
        foreach (var (job, _) in placements) Start(job);
    }

    public void Add(IEnumerable<Preemption> preemptions)
    {
        var jobs = new HashSet<JobKey>();
        foreach (var preemption in preemptions)
        {
            foreach (var victim in preemption.Victims)
            {
                LetterTo(victim.Job).Victims[new(victim.Instance, victim.Number)] = preemption.Attempt.Of(preemption.Job);
                jobs.Add(victim.Job);
            }
        }

        foreach (var job in jobs) Start(job);
    }

    private Letter LetterTo(JobKey job)
    {
        if (!_waiting.TryGetValue(job, out var letter)) _waiting[job] = letter = new Letter();
        return letter;
    }

    private void Start(JobKey job)
    {
        if (_waiting.ContainsKey(job) && _running.Add(job)) _ = Run(job);
    }

    private async Task Run(JobKey job)
    {
        while (!stopped.IsCancellationRequested && _waiting.Remove(job, out var letter))
        {
            try
            {
                await Send(job, letter);
            }
            catch (Exception e) when (!stopped.IsCancellationRequested)
            {
                LogFailed(job, e);
                letter.AddTo(LetterTo(job));
                await Task.Delay(Backoff, time, stopped)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
            catch (Exception)
            {
                // The ledger stops; its next owner is asked by the jobs.
            }
        }

        _running.Remove(job);
    }

    /// <summary>Placements first: an attempt must know its node before it can be asked to leave it.</summary>
    private async Task Send(JobKey job, Letter letter)
    {
        var grain = grains.GetGrain<IJobGrain>(job.ToString());
        if (letter.Placements.Count > 0)
            GiveBack(await grain.Place(new PlacementBatch(job, Epoch, [.. letter.Placements.Values]), stopped));
        if (letter.Victims.Count == 0) return;
        var victims = letter.Victims.Select(v => new PreemptOrder(v.Key, v.Value)).ToImmutableArray();
        GiveBack(await grain.Preempt(new PreemptBatch(job, Epoch, victims), stopped));

        void GiveBack(ImmutableArray<AttemptRef> unwanted)
        {
            if (!unwanted.IsEmpty) giveBack(job, unwanted);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be told of its placements; it is tried again")]
    private partial void LogFailed(JobKey job, Exception exception);

    /// <summary>What one job has not been told yet.</summary>
    private sealed class Letter
    {
        public Dictionary<AttemptRef, Placement> Placements { get; } = [];

        public Dictionary<AttemptRef, AttemptId> Victims { get; } = [];

        /// <summary>Puts it into a newer letter, whose news of the same attempts counts.</summary>
        public void AddTo(Letter newer)
        {
            foreach (var (attempt, placement) in Placements) newer.Placements.TryAdd(attempt, placement);
            foreach (var (attempt, beneficiary) in Victims) newer.Victims.TryAdd(attempt, beneficiary);
        }
    }
}
