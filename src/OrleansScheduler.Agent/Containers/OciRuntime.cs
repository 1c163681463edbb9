using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>What a program said and how it ended.</summary>
internal readonly record struct ProgramEnd(int ExitCode, string Output, string Errors);

/// <summary>In what one runtime is unlike others.</summary>
/// <param name="Keeps">Whether it can leave what has ended, with its control group, to be asked about: runc and crun since 1.9.</param>
/// <param name="Hides">The directory that it must not see when it starts something; empty for none. crun does not work where version 2 of
/// control groups is mounted beside version 1.</param>
internal sealed record OciTraits(bool Keeps, string Hides);

/// <summary>The program that starts containers of the driver <c>oci</c>: runc, or another one with its command line.</summary>
internal sealed class OciRuntime
{
    private const string Unified = "/sys/fs/cgroup/unified";
    private const int LongestOutput = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TimeProvider _time;
    private readonly Lazy<Task<OciTraits>> _traits;

    public OciRuntime(StateDirectory state, IOptions<AgentOptions> options, TimeProvider time)
    {
        _time = time;
        State = Path.Combine(state.Root, "containers");
        Unshare = OnPath("unshare");
        (Program, Missing) = Find(options.Value.Container.Runtime, state.Root, Unshare);
        _traits = new(FindTraits);
    }

    /// <summary>Where the runtime keeps what it knows about containers.</summary>
    public string State { get; }

    /// <summary>The program that starts another one with mounts of its own.</summary>
    public string? Unshare { get; }

    /// <summary>The runtime; empty when there is none.</summary>
    public string Program { get; }

    /// <summary>Why containers cannot be started here; null when they can.</summary>
    public string? Missing { get; }

    /// <summary>Whether the node offers the driver, judged without starting anything.</summary>
    public static bool IsOffered(AgentOptions options) =>
        Find(options.Container.Runtime, Path.GetFullPath(options.StateDirectory), "").Missing is null;

    /// <summary>Runs a command of the runtime.</summary>
    /// <exception cref="TaskStartException">It cannot be run, or takes longer than it may.</exception>
    public async Task<ProgramEnd> Run(IEnumerable<string> arguments, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        await RunProgram(Program, ["--root", State, .. arguments], patience ?? Patience, cancellationToken);

    /// <summary>Runs a program and collects the start of what it says.</summary>
    /// <exception cref="TaskStartException">It cannot be run, or takes longer than it may.</exception>
    public async Task<ProgramEnd> RunProgram(
        string program, IEnumerable<string> arguments, TimeSpan patience, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var limit = new CancellationTokenSource(patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = ReadStart(process.StandardOutput.BaseStream, both.Token);
            var errors = ReadStart(process.StandardError.BaseStream, both.Token);
            await process.WaitForExitAsync(both.Token);
            return new(process.ExitCode, await output, await errors);
        }
        catch (Win32Exception e)
        {
            throw new TaskStartException($"{program} cannot be started: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TaskStartException(
                $"{Path.GetFileName(program)} did not answer within {patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.", e);
        }
        finally
        {
            if (process is { HasExited: false }) process.Kill(entireProcessTree: true);
            process?.Dispose();
        }
    }

    /// <summary>In what this runtime is unlike others.</summary>
    /// <exception cref="TaskStartException">It does not say.</exception>
    public Task<OciTraits> Traits => _traits.Value;

    /// <summary>What starts a command in a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="process">The command, see <see cref="OciBundle.WriteProcess"/>.</param>
    /// <param name="terminal">The file of the terminal that is to be its; null for none.</param>
    public string[] Enter(string container, string process, string? terminal)
    {
        string[] runtime = [Program, "--root", State, "exec", "--process", process, container];

        // The runtime makes a terminal in the container and copies between that and this one, whose size it follows when it is told of
        // changes; so this one has to be the one that it is controlled by.
        return terminal is null
            ? runtime
            : ["/bin/sh", "-c", "t=$1; shift; exec setsid --ctty \"$@\" <\"$t\" >\"$t\" 2>&1", "exec", terminal, .. runtime];
    }

    /// <summary>The last error in a log of the runtime; null when there is none.</summary>
    public static string? LastError(string log)
    {
        if (!File.Exists(log)) return null;
        string? last = null;
        foreach (var line in File.ReadLines(log))
        {
            try
            {
                using var entry = JsonDocument.Parse(line);
                if (ImageConfig.Text(entry.RootElement, "level") is "error" or "fatal") last =
                    ImageConfig.Text(entry.RootElement, "msg") ?? last;
            }
            catch (JsonException)
            {
                // Half a line, when the runtime was ended while it wrote.
            }
        }

        return last;
    }

    private async Task<OciTraits> FindTraits()
    {
        var help = await RunProgram(Program, ["run", "--help"], Patience, CancellationToken.None);
        var version = await RunProgram(Program, ["--version"], Patience, CancellationToken.None);
        var isHybrid = !ControlGroup.IsUnified && File.Exists(Path.Combine(Unified, "cgroup.controllers"));
        return new(
            help.Output.Contains("--keep", StringComparison.Ordinal),
            isHybrid && version.Output.StartsWith("crun", StringComparison.Ordinal) ? Unified : "");
    }

    private static async Task<string> ReadStart(Stream stream, CancellationToken cancellationToken)
    {
        using var start = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (start.Length < LongestOutput) start.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(start.GetBuffer(), 0, (int)start.Length);
    }

    private static (string Program, string? Missing) Find(string? setting, string state, string? unshare)
    {
        if (setting == "none") return ("", "Agent:Container:Runtime says none");
        var program = setting ?? OnPath("runc");
        if (program is null) return ("", "no runc is installed");
        if (!File.Exists(program)) return ("", $"{program}, which Agent:Container:Runtime names, is not there");
        if (Posix.EffectiveUser() != 0) return ("", "the agent does not run as root");
        if (unshare is null) return ("", "the program unshare (package util-linux) is not installed");

        // They would have to be written into a list in which these have a meaning.
        return state.AsSpan().ContainsAny(",:\\") ? ("", "the path of Agent:StateDirectory has one of the characters , : \\")
            : (program, null);
    }

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(["/usr/sbin", "/sbin", "/usr/local/sbin"]).Where(directory => directory.StartsWith('/'))
        .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
}
