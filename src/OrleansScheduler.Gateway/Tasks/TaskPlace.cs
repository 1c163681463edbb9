namespace OrleansScheduler.Gateway;

/// <summary>An attempt and the node that has it.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Node">Its node.</param>
internal sealed record TaskPlace(AttemptId Attempt, INodeGrain Node)
{
    /// <summary>Finds an attempt of a task.</summary>
    /// <param name="grains">Ways to grains.</param>
    /// <param name="key">The task.</param>
    /// <param name="number">Which attempt; 0 for the latest that has a node.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<Answer<TaskPlace>> Find(
        IGrainFactory grains, TaskKey key, int number, CancellationToken cancellationToken)
    {
        if (await grains.GetGrain<ITaskGrain>(key.ToString()).Describe(cancellationToken) is not { } task)
            return Problem.Of(ProblemKind.NotFound, "task-not-found", $"There is no task {key} in this cell.");
        var last = task.History.LastOrDefault(line => line.Node is not null && (number == 0 || line.Attempt == number));
        if (last.Node is null)
            return Problem.Of(ProblemKind.NotFound, "attempt-not-found", number == 0
                ? $"{key} has not been on a node yet."
                : $"{key} has no attempt {number} that is still remembered.");
        return new TaskPlace(new(key.Job, key.Instance, last.Attempt), grains.GetGrain<INodeGrain>(last.Node));
    }
}
