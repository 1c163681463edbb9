namespace OrleansScheduler.Gateway;

/// <summary>Asks many grains for one request without flooding the cell.</summary>
internal static class Fanout
{
    /// <summary>Most grain calls that one request has under way.</summary>
    public const int MaxInFlight = 16;

    /// <summary>One call per item; the answers are in the order of the items.</summary>
    public static async Task<TAnswer[]> Ask<TItem, TAnswer>(
        IReadOnlyList<TItem> items, Func<TItem, CancellationToken, Task<TAnswer>> call, CancellationToken cancellationToken)
    {
        var answers = new TAnswer[items.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxInFlight, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, options, async (index, token) => answers[index] = await call(items[index], token));
        return answers;
    }
}
