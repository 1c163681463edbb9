using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>Control groups of tasks that outlived their agent and then the test: nobody else removes them.</summary>
internal static class LeftGroups
{
    private const string Mount = "/sys/fs/cgroup";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Removes those of every agent that kept its state somewhere below a directory. Their processes have ended.</summary>
    public static void Remove(string directory)
    {
        // Tasks leave links behind that lead anywhere, to other agents' directories too.
        var own = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var file in Directory.EnumerateFiles(directory, "agent.id", own))
        {
            var name = File.ReadAllText(file).Trim()[..12];
            foreach (var tree in Directory.GetDirectories(Mount).Append(Mount))
            {
                var agent = Path.Combine(tree, "osched", name);
                if (!Directory.Exists(agent)) continue;
                foreach (var group in Directory.EnumerateDirectories(agent)) Delete(group);
                Delete(agent);
            }
        }
    }

    // A process that was killed leaves its group a moment later.
    private static void Delete(string group)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.Delete(group);
                return;
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                Thread.Yield();
            }
        }
    }
}
