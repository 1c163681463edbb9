namespace OrleansScheduler.Gateway;

/// <summary>Follows what the cell lacks, so that every read can say how old what it shows may be.</summary>
internal sealed class CellHealth(IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private SiloHealth _health = new(StorageAway: null);

    /// <summary>What the cell lacks, in words; empty when all is well.</summary>
    public ImmutableArray<string> Degraded =>
    [
        .. _health.StorageAway is null ? (ReadOnlySpan<string>)[] : ["storage"],
        .. _health.MembershipAway is null ? (ReadOnlySpan<string>)[] : ["membership"],
    ];

    /// <summary>For reads: while the storage is away they show what was durable before, and say so.</summary>
    public Task MarkAge(HttpContext context, RequestDelegate next)
    {
        if (_health.StorageAway is { } away && RequestClasses.Of(context) is RequestClass.Read)
        {
            context.Response.Headers.Age = ((long)away.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["Osched-Degraded"] = "storage";
        }

        return next(context);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            if (!lifetime.ApplicationStarted.IsCancellationRequested) continue;
            try
            {
                _health = await grains.GetGrain<IHealthGrain>(0).Describe(stoppingToken).WaitAsync(Period, time, stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // A cell that does not answer at all is told as such to whoever asks; this is about cells that do.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
