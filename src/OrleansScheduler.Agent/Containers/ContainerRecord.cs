using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Agent;

/// <summary>What is kept on disk of an attempt's container, for when its engine or its runtime does not say it any more.</summary>
internal sealed record ContainerRecord
{
    /// <summary>Its main process as the node sees it; 0 before it is known.</summary>
    public int Pid { get; init; }

    /// <summary>When that process was started; with its number it names it for ever.</summary>
    public ulong StartTicks { get; init; }

    /// <summary>Whether it is known how it ended.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Its exit code, as a shell would say it.</summary>
    public int ExitCode { get; init; }

    /// <summary>Whether the kernel has killed a process of it for want of memory.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>What its engine said about its end.</summary>
    public string? Message { get; init; }

    /// <summary>Its main process; null before it is known.</summary>
    [JsonIgnore]
    public ProcessStat? Main => Pid > 0 ? new ProcessStat(Pid, 'R', 0, 0, StartTicks) : null;

    /// <summary>Its end; null when it is not known.</summary>
    [JsonIgnore]
    public TaskState.Ended? End =>
        HasEnded ? TaskState.Ended.FromCode(ExitCode) with { OutOfMemory = OutOfMemory, Message = Message } : null;

    /// <summary>What is on disk; an empty record when there is nothing that can be read.</summary>
    public static ContainerRecord Read(AttemptDirectory attempt)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(attempt)), ContainerJson.Default.ContainerRecord) ?? new();
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return new();
        }
    }

    /// <summary>Replaces what is on disk. A full disk keeps the agent from remembering, not from working.</summary>
    public void Write(AttemptDirectory attempt)
    {
        try
        {
            var temporary = PathOf(attempt) + ".new";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this, ContainerJson.Default.ContainerRecord));
            File.Move(temporary, PathOf(attempt), overwrite: true);
        }
        catch (IOException)
        {
            // The engine says it again for as long as it has the container.
        }
    }

    private static string PathOf(AttemptDirectory attempt) => Path.Combine(attempt.Root, "container.json");
}

/// <summary>How far the output of a container was copied.</summary>
/// <param name="At">The engine's time of the last piece.</param>
/// <param name="Seen">How many pieces of that time were copied.</param>
/// <param name="Stdout">Length of what was copied of stdout.</param>
/// <param name="Stderr">The same of stderr.</param>
internal sealed record LogMark(string At, int Seen, long Stdout, long Stderr)
{
    public static LogMark Start { get; } = new("", 0, 0, 0);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(LogMark))]
internal sealed partial class ContainerJson : JsonSerializerContext;
