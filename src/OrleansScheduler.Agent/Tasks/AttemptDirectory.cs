using System.Text.Json;

namespace OrleansScheduler.Agent;

/// <summary>Where everything of one attempt lies on disk.</summary>
/// <remarks>The record says that the attempt is known. Once it is gone the rest is only kept for people to look at, for a while.</remarks>
internal sealed record AttemptDirectory
{
    // Not allowed in the parts of a job's key, so the names are unambiguous and can be read back.
    private const char Separator = '~';

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

    /// <summary>Holds the exit code once the task has ended. In a directory of its own that can be watched.</summary>
    public string Exit { get; }

    /// <summary>Working directory of the task.</summary>
    public string Sandbox => Path.Combine(Root, "sandbox");

    /// <summary>The numbers of its processes, written by its supervisor.</summary>
    public string Pids => Path.Combine(Root, "pids");

    private string Record => Path.Combine(Root, "attempt.json");

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

    /// <summary>The file that holds one of the task's streams.</summary>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    public string Log(string stream) =>
        stream is "stdout" or "stderr" ? Path.Combine(Root, stream) : throw new InvariantException($"no stream {stream}");

    /// <summary>Makes room for the attempt.</summary>
    public void Create() => Directory.CreateDirectory(Path.Combine(Sandbox, "tmp"));

    /// <summary>Replaces the record; readers see the old one or the new one. Survives the agent's end; what must survive the machine's
    /// is in the <see cref="CommandJournal"/>.</summary>
    public void Write(AttemptRecord record)
    {
        var temporary = Record + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(record, AttemptJson.Default.AttemptRecord));
        File.Move(temporary, Record, overwrite: true);
    }

    /// <summary>Whether there is a record, readable or not.</summary>
    public bool IsKnown => File.Exists(Record);

    /// <summary>The record; null when it cannot be read, as after a power failure.</summary>
    public AttemptRecord? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Record), AttemptJson.Default.AttemptRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes what makes the attempt known; its sandbox and output stay.</summary>
    public void Forget()
    {
        if (Directory.Exists(Root)) File.Delete(Record);
        File.Delete(Exit);
    }

    /// <summary>Removes everything.</summary>
    public void Delete()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
    }
}
