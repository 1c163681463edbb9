using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Waits for conditions with a deadline.</summary>
internal static class Wait
{
    // An emulated machine takes many times as long for everything (tests/cgroup-v2).
    private static readonly int Patience =
        int.TryParse(Environment.GetEnvironmentVariable("OSCHED_TEST_PATIENCE"), out var times) ? times : 1;

    public static async Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", int seconds = 30)
    {
        var began = Stopwatch.GetTimestamp();
        seconds *= Patience;
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(seconds), $"did not come true within {seconds} s: {what}");
            await Task.Delay(10);
        }
    }
}
