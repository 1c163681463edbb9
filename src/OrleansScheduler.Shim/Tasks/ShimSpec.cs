using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Shim;

/// <summary>What a supervisor is to run: the agent writes it into the attempt's directory before the start.</summary>
internal sealed record ShimSpec
{
    /// <summary>Name of its file in the attempt's directory.</summary>
    public const string FileName = "launch.json";

    /// <summary>Working directory of the task.</summary>
    public required string Sandbox { get; init; }

    /// <summary>Where the end is recorded.</summary>
    public required string ExitFile { get; init; }

    /// <summary>What runs; one for a task that is a single command.</summary>
    public required ImmutableArray<ShimProcess> Processes { get; init; }

    /// <summary>All variables of the task, each as <c>NAME=value</c>.</summary>
    public required ImmutableArray<string> Environment { get; init; }

    /// <summary>How many processes may fail for good before the task has failed; 0 means any number.</summary>
    public int MaxFailures { get; init; } = 1;

    /// <summary>How many processes run at once at most; 0 means any number.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>
    /// How long processes that are asked to end have for it, and then the final ones for all they do, in milliseconds.
    /// </summary>
    public long FinalizationWait { get; init; } = 5000;

    /// <summary>Size at which a file of output is followed by the next, in bytes.</summary>
    public long RotateSize { get; init; } = 100L * 1024 * 1024;

    /// <summary>How many full files of output are kept, for each stream.</summary>
    public int Keep { get; init; } = 5;

    /// <summary>Under which lease it runs; null when it needs none.</summary>
    public LeaseSpec? Lease { get; init; }

    /// <summary>The container that is guarded instead of running anything; null for a task that runs here.</summary>
    public GuardSpec? Guarded { get; init; }

    /// <summary>What each process may take at most, soft and hard alike.</summary>
    public ImmutableArray<LimitSpec> Limits { get; init; } = [];

    /// <summary>How it is kept apart from everything else.</summary>
    public IsolationSpec Isolation { get; init; } = new();

    /// <summary>Reads the one of an attempt.</summary>
    public static ShimSpec Read(string directory) => ReadFile(Path.Combine(directory, FileName));

    /// <summary>Reads one from a file.</summary>
    public static ShimSpec ReadFile(string path) => JsonSerializer.Deserialize(File.ReadAllBytes(path), ShimJson.Default.ShimSpec)
        ?? throw new ShimException("there is nothing to run");

    /// <summary>Writes it for an attempt.</summary>
    public void Write(string directory) => File.WriteAllBytes(Path.Combine(directory, FileName), ToBytes());

    /// <summary>The content of its file.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ShimJson.Default.ShimSpec);
}

/// <summary>One process of a task (Thermos' process).</summary>
internal sealed record ShimProcess
{
    /// <summary>Its name within the task.</summary>
    public required string Name { get; init; }

    /// <summary>The argument vector.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Names of those that must have succeeded before.</summary>
    public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Failures after which it has failed for good; 0 means never.</summary>
    public int MaxFailures { get; init; } = 1;

    /// <summary>Least time between two of its starts, in milliseconds.</summary>
    public long MinDuration { get; init; } = 5000;

    /// <summary>Whether it is started again when it succeeded.</summary>
    public bool Daemon { get; init; }

    /// <summary>Whether the task neither waits for it nor fails with it.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Whether it runs when all others have ended.</summary>
    public bool Final { get; init; }
}

/// <summary>A container that an engine runs, for whoever ends it with its lease.</summary>
internal sealed record GuardSpec
{
    /// <summary>The engine's id of it, which stands in the name of its control group.</summary>
    public required string Container { get; init; }

    /// <summary>The file that it mounts, and so cannot be started without.</summary>
    public required string Permit { get; init; }
}

/// <summary>The lease of a strict task. Times are milliseconds since the machine was started, see <see
/// cref="Native.BootMillis"/>.</summary>
internal sealed record LeaseSpec
{
    /// <summary>The file whose first word is the time, in hundredths of a second, at which the lease is over.</summary>
    public required string File { get; init; }

    /// <summary>The file that says that the task was ended with its lease.</summary>
    public required string Expired { get; init; }

    /// <summary>Until when it may be started.</summary>
    public required long StartBy { get; init; }

    /// <summary>When it is over, as far as the node knows by now.</summary>
    public long Over()
    {
        var text = Native.ReadStart(File, stackalloc byte[64]);
        var end = text.IndexOf((byte)' ');
        return end > 0 && long.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var over) ? over * 10 : 0;
    }

    /// <summary>Says that the task ends with it, before it does.</summary>
    public void Expire() => System.IO.File.WriteAllBytes(Expired, []);
}

/// <summary>How a task is kept apart. What is not asked for is not done; what is asked for and fails keeps the task from
/// starting.</summary>
internal sealed record IsolationSpec
{
    /// <summary>Files into which a process writes itself to join the task's control groups.</summary>
    public ImmutableArray<string> Cgroups { get; init; } = [];

    /// <summary>The file in which the kernel counts what it killed for want of memory; null when there is none.</summary>
    public string? OutOfMemoryFile { get; init; }

    /// <summary>Whether it has its own process numbers, and its supervisor is their first.</summary>
    public bool ProcessNumbers { get; init; }

    /// <summary>Whether it has its own mounts: a read-only system, a <c>/tmp</c> of its own, no sight of other tasks.</summary>
    public bool Mounts { get; init; }

    /// <summary>Whether it has its own shared memory and its own host name.</summary>
    public bool Ipc { get; init; }

    /// <summary>Directory that is hidden from it but for its sandbox; null for none.</summary>
    public string? Hidden { get; init; }

    /// <summary>Directories besides the sandbox that it may write to.</summary>
    public ImmutableArray<string> Writable { get; init; } = [];

    /// <summary>Host name; null keeps the machine's.</summary>
    public string? HostName { get; init; }

    /// <summary>Account it runs as; null keeps the agent's.</summary>
    public AccountSpec? Account { get; init; }

    /// <summary>Whether it gives up every capability for good.</summary>
    public bool DropCapabilities { get; init; }

    /// <summary>Whether calls that only administer the machine are refused to it.</summary>
    public bool Seccomp { get; init; }
}

/// <summary>One limit of a process (<c>setrlimit</c>).</summary>
/// <param name="Name">What users call it.</param>
/// <param name="Number">The kernel's number for it.</param>
/// <param name="Amount">The limit; -1 for none.</param>
internal sealed record LimitSpec(string Name, int Number, long Amount);

/// <summary>Numbers of an account.</summary>
/// <param name="User">The user.</param>
/// <param name="Group">Its group.</param>
/// <param name="Groups">All its groups.</param>
internal sealed record AccountSpec(uint User, uint Group, ImmutableArray<uint> Groups);

// Everything is always written: what is left out would be read as nothing, not as its default.
[JsonSourceGenerationOptions]
[JsonSerializable(typeof(ShimSpec))]
[JsonSerializable(typeof(ExitRecord))]
internal sealed partial class ShimJson : JsonSerializerContext;
