namespace OrleansScheduler.Core;

/// <summary>Says what a job's updates and versions are, for users. Reads the state, never changes it.</summary>
public static class UpdateDescription
{
    /// <summary>One update.</summary>
    /// <param name="state">The job.</param>
    /// <param name="update">The update.</param>
    /// <param name="withEvents">Whether its story is wanted.</param>
    public static UpdateView Describe(JobState state, UpdateState update, bool withEvents) => new()
    {
        Job = state.Key,
        FromVersion = update.FromVersion,
        ToVersion = update.ToVersion,
        Status = update.StatusName,
        Done = update.Done,
        Total = update.Span,
        Message = update.Message,
        StartedAt = update.StartedAt,
        EndedAt = update.EndedAt,
        Actor = update.Actor,
        InFlight = update.InFlight,
        Failed = InstanceSet.Of(update.FailedInstances),
        LastPulse = update.LastPulse,
        Events = withEvents ? [.. state.Updates.EventsOf(update.ToVersion)] : [],
    };

    /// <summary>Its updates that are remembered with their stories, newest first.</summary>
    public static ImmutableArray<UpdateView> Updates(JobState state) =>
        [.. state.Updates.Updates.Reverse().Select(update => Describe(state, update, withEvents: true))];

    /// <summary>Its versions that are kept, newest first.</summary>
    public static ImmutableArray<VersionView> Versions(JobState state)
    {
        var running = VersionGroup.Of(state.Tasks.Values.Where(t => t.Status.IsActive()).Select(t => (t.Instance, t.Version)))
            .ToDictionary(group => group.Version, group => group.Instances);
        return [.. state.Versions.Values.Reverse().Select(version => new VersionView
        {
            Version = version.Number,
            AcceptedAt = version.AcceptedAt,
            Actor = version.Actor,
            IsCurrent = version.Number == state.Header.Version,
            Instances = running.GetValueOrDefault(version.Number),
            Spec = version.Spec,
        })];
    }
}
