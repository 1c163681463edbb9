namespace OrleansScheduler.Chaos;

/// <summary>Something that is broken for a while.</summary>
/// <param name="Class">What kind of fault it is, such as <c>F1-kill-silo</c>.</param>
/// <param name="What">What exactly, for people.</param>
/// <param name="Holds">How long it lasts.</param>
/// <param name="Nodes">Nodes that may be without a word of the cell because of it.</param>
/// <param name="Inject">Breaks it.</param>
/// <param name="Heal">Takes it back; the supervisor does the rest.</param>
internal sealed record Fault(
    string Class, string What, TimeSpan Holds, ImmutableArray<string> Nodes, Func<Task> Inject, Func<Task> Heal)
{
    /// <summary>Nothing to take back, or to do.</summary>
    public static Task Nothing() => Task.CompletedTask;
}
