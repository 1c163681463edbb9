namespace OrleansScheduler.Silo;

/// <summary>
/// What an owner does whose journal was lost because the storage is away: it decides nothing any more, because nobody knows what became of
/// its last write, but goes on to answer questions from what it knows to be durable. Once the storage is back it makes room for an owner
/// that reads the journal.
/// </summary>
internal static class StorageOutage
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    public static void WaitFor<TGrain>(this TGrain grain, StorageHealth health) where TGrain : Grain =>
        grain.RegisterGrainTimer(
            static (state, _) =>
            {
                if (!state.Health.IsAway) ((IGrainBase)state.Grain).DeactivateOnIdle();
                return Task.CompletedTask;
            },
            (Grain: grain, Health: health),
            new GrainTimerCreationOptions(Period, Period) { Interleave = true, KeepAlive = true });
}
