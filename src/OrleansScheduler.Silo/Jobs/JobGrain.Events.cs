namespace OrleansScheduler.Silo;

/// <content>What those who watch are told when nobody knows what happened.</content>
internal sealed partial class JobGrain
{
    /// <summary>A change that may be written all the same: its events are not told, neither here nor by the next owner.</summary>
    private void TellUnknown(Exception failure)
    {
        if (failure is not JournalLostException { MayBeWritten: true }) return;
        _events.Add([new EventView
        {
            At = _time.GetUtcNow(),
            Kind = "job",
            Job = _key,
            Status = EventView.EventsMissing,
            Message = "Whether the last change was written is not known yet.",
        }]);
    }
}
