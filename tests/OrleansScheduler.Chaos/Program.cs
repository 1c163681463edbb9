using System.CommandLine;

namespace OrleansScheduler.Chaos;

internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Breaks cells of real processes, and checks and measures what comes of it")
        {
            FailoverCommand.Create(), OverloadCommand.Create(), RestartCommand.Create(), UpgradeCommand.Create(),
        };
        return root.Parse(arguments).InvokeAsync();
    }
}
