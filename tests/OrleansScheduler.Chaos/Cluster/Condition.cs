using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>Waits until something is so.</summary>
internal static class Condition
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks often. Answers how long it took.</summary>
    /// <exception cref="TimeoutException">It is not so within <paramref name="patience"/>.</exception>
    public static async Task<TimeSpan> Holds(
        Func<Task<bool>> isSo, Func<string> otherwise, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(started) > patience) throw new TimeoutException(otherwise());
            await Task.Delay(LookAgain, TimeProvider.System, cancellationToken);
        }

        return Stopwatch.GetElapsedTime(started);
    }
}
