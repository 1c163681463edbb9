using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Tells jobs which nodes their attempts got, one message at a time per job, until they have heard. What a job does not want any more is
/// given back.
/// </summary>
internal sealed partial class PlacementOutbox(
    IGrainFactory grains, TimeProvider time, ILogger<PlacementOutbox> logger, Action<JobKey, ImmutableArray<AttemptRef>> giveBack,
        CancellationToken stopped)
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private readonly Dictionary<JobKey, Dictionary<AttemptRef, Placement>> _waiting = [];
    private readonly HashSet<JobKey> _running = [];

    /// <summary>Epoch under which placements are told.</summary>
    public long Epoch { get; set; }

    public void Add(ImmutableArray<Reservation> reservations)
    {
        foreach (var reservation in reservations)
        {
            for (var i = 0; i < reservation.Attempts.Length; i++)
                Add(reservation.Job, new Placement(reservation.Attempts[i], reservation.Node, reservation.PortsOf(i)));
        }

        foreach (var reservation in reservations) Start(reservation.Job);
    }

    public void Repeat(IReadOnlyList<(JobKey Job, Placement Placement)> placements)
    {
        foreach (var (job, placement) in placements) Add(job, placement);
        foreach (var (job, _) in placements) Start(job);
    }

    private void Add(JobKey job, Placement placement)
    {
        if (!_waiting.TryGetValue(job, out var placements)) _waiting[job] = placements = [];
        placements[placement.Attempt] = placement;
    }

    private void Start(JobKey job)
    {
        if (_waiting.ContainsKey(job) && _running.Add(job)) _ = Run(job);
    }

    private async Task Run(JobKey job)
    {
        while (!stopped.IsCancellationRequested && _waiting.Remove(job, out var placements))
        {
            try
            {
                var unwanted = await grains.GetGrain<IJobGrain>(job.ToString())
                    .Place(new PlacementBatch(job, Epoch, [.. placements.Values]), stopped);
                if (!unwanted.IsEmpty) giveBack(job, unwanted);
            }
            catch (Exception e) when (!stopped.IsCancellationRequested)
            {
                LogFailed(job, e);
                foreach (var placement in placements.Values.Where(p => !IsNewer(job, p))) Add(job, placement);
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

    private bool IsNewer(JobKey job, Placement placement) =>
        _waiting.TryGetValue(job, out var waiting) && waiting.ContainsKey(placement.Attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be told of its placements; it is tried again")]
    private partial void LogFailed(JobKey job, Exception exception);
}
