namespace OrleansScheduler.Chaos;

/// <summary>
/// A file in which tasks write themselves, outside of all that is broken: that they started, every half second that they live, and with
/// which code they are about to exit. What it says happened, whatever the cell thinks.
/// </summary>
internal sealed class Witness
{
    private const string Script = """
        # witness.sh FILE HALF_SECONDS: lives that long, and exits with a code that follows from the instance.
        # It waits for a pipe that says nothing: a sleep by each beat of forty tasks takes most of a core away from the cell.
        file=$1 left=$2
        exec 3<> <(:)
        tell() {
          read -r up _ </proc/uptime
          echo "$up $OSCHED_ATTEMPT $OSCHED_NODE $$ $*" >>"$file"
        }
        case $((OSCHED_INSTANCE % 3)) in 1) code=$((10 + OSCHED_INSTANCE)) ;; *) code=0 ;; esac
        tell start "${PORT_MAIN:-0}"
        while [ "$left" -gt 0 ]; do
          read -rt 0.5 -u 3
          tell beat
          left=$((left - 1))
        done
        tell exit "$code"
        exit "$code"

        """;

    private readonly string _script;
    private readonly string _file;

    public Witness(string directory)
    {
        (_script, _file) = (Path.Combine(directory, "witness.sh"), Path.Combine(directory, "witness"));
        File.WriteAllText(_script, Script);
        File.WriteAllText(_file, "");
    }

    /// <summary>The command of a task that lives for about so long.</summary>
    public string Command(TimeSpan life) => $"[/bin/bash, '{_script}', '{_file}', '{(int)(life.TotalSeconds * 2)}']";

    /// <summary>All that was written so far; a line that is not whole yet is left out.</summary>
    public ImmutableArray<WitnessLine> Read()
    {
        var text = File.ReadAllText(_file);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WitnessLine.Parse)];
    }
}

/// <summary>What a task does.</summary>
internal enum WitnessKind
{
    Start,
    Beat,
    Exit,
}

/// <summary>One line of the witness.</summary>
/// <param name="At">When, see <see cref="BootClock"/>.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="Node">The node that started it.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Code">The code that it exits with, or the port that it starts with.</param>
internal readonly record struct WitnessLine(double At, AttemptId Attempt, string Node, int Pid, WitnessKind Kind, int? Code = null)
{
    public static WitnessLine Parse(string line)
    {
        var words = line.Split(' ');
        if (words.Length < 5 || !AttemptId.TryParse(words[1], out var attempt))
            throw new InvalidDataException($"the witness has a line that no task writes: {line}");
        return new(
            double.Parse(words[0], CultureInfo.InvariantCulture), attempt, words[2], int.Parse(words[3], CultureInfo.InvariantCulture),
            Enum.Parse<WitnessKind>(words[4], ignoreCase: true),
            words.Length > 5 ? int.Parse(words[5], CultureInfo.InvariantCulture) : null);
    }
}
