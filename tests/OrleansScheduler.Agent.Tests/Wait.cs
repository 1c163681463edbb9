using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Waits for conditions with a deadline.</summary>
internal static class Wait
{
    // An emulated machine takes many times as long for everything (tests/cgroup-v2).
    private static readonly int Patience =
        int.TryParse(Environment.GetEnvironmentVariable("OSCHED_TEST_PATIENCE"), out var times) ? times : 1;

    public static Task Until(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", int seconds = 30) =>
        Until(condition, () => what, seconds);

    /// <param name="condition">What is waited for.</param>
    /// <param name="what">What that is, and how things are when it has not come.</param>
    /// <param name="seconds">For how long.</param>
    public static async Task Until(Func<bool> condition, Func<string> what, int seconds = 30)
    {
        var began = Stopwatch.GetTimestamp();
        seconds *= Patience;
        for (var looks = 1; !condition(); looks++)
        {
            // Few looks mean that the machine, or this process, stood still.
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(seconds),
                $"did not come true within {seconds} s and {looks} looks: {what()}");
            await Task.Delay(10);
        }
    }
}
