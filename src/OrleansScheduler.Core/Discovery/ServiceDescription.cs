namespace OrleansScheduler.Core;

/// <summary>Says where the instances of a service are. A task is RUNNING only once it is healthy, and one that says that it
/// is not ready gets no work.</summary>
public static class ServiceDescription
{
    /// <summary>The service without hosts, which are the nodes' own; a problem when the job is none.</summary>
    public static Answer<ServiceView> Describe(JobState state)
    {
        if (!state.Exists) return Problem.NoSuchJob(state.Key);
        if (state.Spec.Type != JobType.Service)
            return Problem.Of(ProblemKind.NotFound, "not-a-service", $"Job {state.Key} is no service; only services are reached by name.");
        return new ServiceView
        {
            Key = state.Key,
            Version = state.Header.Version,
            Wanted = state.Header.Stopped ? 0 : state.Spec.Instances,
            Instances = [.. state.Tasks.Values.Where(task => task is { IsUp: true, Node: not null })
                .Select(task => Describe(JobDescription.Describe(state, task, withHistory: false)))],
        };
    }

    private static ServiceInstance Describe(TaskView task) => new()
    {
        Instance = task.Instance,
        Attempt = task.Attempt,
        Node = task.Node!,
        Ports = task.Ports,
        Version = task.Version,
        Since = task.Since,
    };
}
