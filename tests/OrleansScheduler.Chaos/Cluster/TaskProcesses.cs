using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>Looks at the processes of this machine: what tasks of a cell there are, and what a process has started.</summary>
internal static class TaskProcesses
{
    private const string Variable = "OSCHED_ATTEMPT=";

    /// <summary>All processes of tasks on a node: those that carry an attempt's name, and their supervisors.</summary>
    /// <param name="state">The agent's directory.</param>
    public static ImmutableArray<(int Pid, AttemptId Attempt)> Of(string state) =>
    [
        .. Running(state).Select(running => (running.Supervisor, running.Attempt)),
        .. from pid in All()
           let attempt = Reading(() => AttemptOf(pid, state))
           where attempt is not null
           select (pid, attempt.Value),
    ];

    /// <summary>The processes that a process has started itself and that live.</summary>
    public static ImmutableArray<int> ChildrenOf(int parent) => [.. All().Where(pid => Reading(() => ParentOf(pid)) == parent)];

    /// <summary>The attempts that run on a node, with their supervisor and their main process.</summary>
    /// <param name="state">The agent's directory.</param>
    public static ImmutableArray<(AttemptId Attempt, int Supervisor, int Main)> Running(string state)
    {
        var attempts = Path.Combine(state, "attempts");
        if (!Directory.Exists(attempts)) return [];
        return
        [
            .. from supervisor in SupervisorsOf(state)
               let main = ChildrenOf(supervisor).FirstOrDefault()
               where main > 0
               let attempt = Reading(() => AttemptOf(main, state))
               where attempt is not null
               select (attempt.Value, supervisor, main),
        ];
    }

    /// <summary>The supervisors of a node's attempts that live.</summary>
    public static ImmutableArray<int> SupervisorsOf(string state)
    {
        var attempts = Path.Combine(state, "attempts");
        if (!Directory.Exists(attempts)) return [];
        return
        [
            .. from attempt in Directory.EnumerateDirectories(attempts)
               let file = Path.Combine(attempt, "pid")
               where File.Exists(file)
               let stat = Reading(() => File.ReadAllText(file))
               where stat is { Length: > 0 } && StillRuns(stat)
               select Pid(stat),
        ];
    }

    private static IEnumerable<int> All() =>
        from path in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(path)
        where char.IsAsciiDigit(name[0])
        select int.Parse(name, CultureInfo.InvariantCulture);

    private static AttemptId? AttemptOf(int pid, string directory)
    {
        var works = new FileInfo($"/proc/{pid}/cwd").LinkTarget;
        if (works?.StartsWith(directory + "/", StringComparison.Ordinal) != true) return null;
        var variable = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/environ")).Split('\0')
            .FirstOrDefault(line => line.StartsWith(Variable, StringComparison.Ordinal));
        return AttemptId.TryParse(variable?[Variable.Length..], out var attempt) ? attempt : null;
    }

    private static int ParentOf(int pid) => int.Parse(Fields(File.ReadAllText($"/proc/{pid}/stat"))[1], CultureInfo.InvariantCulture);

    private static int Pid(string stat) => int.Parse(stat[..stat.IndexOf(' ')], CultureInfo.InvariantCulture);

    /// <summary>Whether the process of a line of <c>/proc/PID/stat</c> is still that process.</summary>
    private static bool StillRuns(string stat) =>
        Reading(() => Fields(File.ReadAllText($"/proc/{Pid(stat)}/stat"))) is { } now && now[0] != "Z" && now[19] == Fields(stat)[19];

    /// <summary>What follows the name, which may hold anything: the state, the parent, and so on.</summary>
    private static string[] Fields(string stat) => stat[(stat.LastIndexOf(") ", StringComparison.Ordinal) + 2)..].Split(' ');

    private static T? Reading<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;   // it has ended by itself
        }
    }
}
