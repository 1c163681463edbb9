using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansScheduler.Chaos;

/// <summary>
/// A process that was started here. What it says goes to a file, and signals go to it by its id, never by name. Its id stays the same
/// whatever it is started through, because each program on the way replaces itself by the next.
/// </summary>
internal sealed partial class OwnedProcess : IAsyncDisposable
{
    private const string IntoLog = """log=$1; shift; exec "$@" >>"$log" 2>&1""";

    private readonly Process _process;

    private OwnedProcess(Process process) => _process = process;

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>How it ended; 128 and the signal's number when a signal ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts it.</summary>
    /// <param name="log">File that its output is added to.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables beside those of this process.</param>
    public static OwnedProcess Start(string log, IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", IntoLog, "sh", log, .. command])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? ImmutableDictionary<string, string>.Empty) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Runs something short to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task Run(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {string.Join(' ', said).Trim()}");
    }

    /// <summary>SIGKILL, to this process only: what it started lives on.</summary>
    public async Task Kill()
    {
        Send(Signal.Kill);
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for its end. Answers whether it came within the time.</summary>
    public async Task<bool> Ended(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        await ((Task)_process.WaitForExitAsync(deadline.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.HasExited;
    }

    /// <summary>SIGTERM, and SIGKILL when it has not ended within the time. Answers whether it ended by itself.</summary>
    public async Task<bool> Stop(TimeSpan within)
    {
        Send(Signal.Term);
        if (await Ended(within)) return true;
        await Kill();
        return false;
    }

    /// <summary>SIGSTOP: it does nothing until <see cref="Resume"/>, and its connections stay open.</summary>
    public void Pause() => Send(Signal.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(Signal.Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Kill();
        _process.Dispose();
    }

    /// <summary>Sends a signal to a process that one of those started here has started. Nothing when it has ended.</summary>
    public static void Send(int process, Signal signal) => _ = SendSignal(process, (int)signal);

    private void Send(Signal signal)
    {
        // A process that has ended is reaped: its number may be somebody else's by now.
        if (!_process.HasExited) Send(_process.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>Signals by their numbers.</summary>
internal enum Signal
{
    Kill = 9,
    Term = 15,
    Continue = 18,
    Stop = 19,
}
