using System.CommandLine;

namespace OrleansScheduler.Chaos;

internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Breaks cells of real processes, and checks and measures what comes of it")
        {
            ChaosCommand.Create(), FailoverCommand.Create(), OverloadCommand.Create(), RestartCommand.Create(), UpgradeCommand.Create(),
        };

        // Whoever interrupts a run waits until what it has broken is taken back and what it has started is gone.
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
    }
}
