using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Waits for conditions with a deadline.</summary>
internal static class Wait
{
    public static async Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", int seconds = 30)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(seconds), $"did not come true within {seconds} s: {what}");
            await Task.Delay(10);
        }
    }
}
