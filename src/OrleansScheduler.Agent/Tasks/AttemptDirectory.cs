using System.IO.Enumeration;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>Where everything of one attempt lies on disk.</summary>
internal sealed record AttemptDirectory
{
    // Not allowed in the parts of a job's key, so the names are unambiguous and can be read back.
    private const char Separator = '~';
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PassThrough = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // Links are handed over themselves; what they point to may be anybody's.
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = false,
    };


    /// <param name="stateDirectory">The agent's state directory.</param>
    /// <param name="attempt">The attempt.</param>
    public AttemptDirectory(string stateDirectory, AttemptId attempt)
    {
        var name = string.Join(Separator, attempt.Job.Role, attempt.Job.Environment, attempt.Job.Name, attempt.Instance, attempt.Number);
        Attempt = attempt;
        Root = Path.Combine(AllOf(stateDirectory), name);
        Exit = Path.Combine(ExitsOf(stateDirectory), name);
    }

    /// <summary>The attempt.</summary>
    public AttemptId Attempt { get; }

    /// <summary>Holds all the others.</summary>
    public string Root { get; }

    /// <summary>Holds how the task ended, once it has. In a directory of its own that can be watched.</summary>
    public string Exit { get; }

    /// <summary>Working directory of the task.</summary>
    public string Sandbox => Path.Combine(Root, "sandbox");

    /// <summary>Holds the line of <c>/proc/PID/stat</c> of its supervisor.</summary>
    public string Pid => Path.Combine(Root, SupervisorStart.PidName);

    /// <summary>The pipe through which its supervisor takes orders.</summary>
    public string Control => Path.Combine(Root, ControlPipe.Name);

    /// <summary>Holds the directories of all attempts.</summary>
    public static string AllOf(string stateDirectory) => Path.Combine(stateDirectory, "attempts");

    /// <summary>Holds the exit codes of all attempts.</summary>
    public static string ExitsOf(string stateDirectory) => Path.Combine(stateDirectory, "exits");

    /// <summary>Every attempt that has left something on disk.</summary>
    public static IEnumerable<AttemptDirectory> Enumerate(string stateDirectory)
    {
        foreach (var directory in Directory.EnumerateDirectories(AllOf(stateDirectory)))
        {
            var parts = Path.GetFileName(directory).Split(Separator);
            if (parts.Length == 5 && AttemptId.TryParse($"{parts[0]}/{parts[1]}/{parts[2]}/{parts[3]}#{parts[4]}", out var attempt))
                yield return new(stateDirectory, attempt);
        }
    }

    /// <summary>The directory that holds the output of one of the task's processes, see <see cref="LogSegments"/>.</summary>
    public string Logs(string process) => Path.Combine(Root, "logs", process);

    /// <summary>Makes room for the attempt. Others may pass through to what they know of, but not look around.</summary>
    public void Create()
    {
        Directory.CreateDirectory(Root, PassThrough);
        Directory.CreateDirectory(Path.Combine(Root, "logs"), OwnerOnly);
        Directory.CreateDirectory(Sandbox, OwnerOnly);
        Directory.CreateDirectory(Path.Combine(Sandbox, "tmp"), OwnerOnly);
    }

    /// <summary>Gives the sandbox and all in it to the account that the task runs as; null is the agent's own.</summary>
    /// <exception cref="IOException">It cannot be given away.</exception>
    public void HandOver(AccountSpec? account)
    {
        if (account is null) return;
        Posix.ChangeOwner(Sandbox, account.User, account.Group);

        // Not over links: two that point back to where they lie would be as many paths as there are ways round.
        var entries = new FileSystemEnumerable<string>(Sandbox, (ref FileSystemEntry entry) => entry.ToFullPath(), Everything)
        {
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
        foreach (var path in entries) Posix.ChangeOwner(path, account.User, account.Group);
    }

    /// <summary>Removes the record of its end; its sandbox and output stay, for people to look at.</summary>
    public void Forget() => File.Delete(Exit);

    /// <summary>Removes everything.</summary>
    public void Delete()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
    }
}
