using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>One process of the real executable.</summary>
internal sealed class Osched : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();

    private Osched(Process process) => _process = process;

    /// <summary>The executable that was built with these tests.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(
        AppContext.BaseDirectory, "..", "..", "OrleansScheduler.Cli",
            System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "osched"));

    public int Id => _process.Id;

    /// <summary>Its last lines: data, then what it said about it.</summary>
    public string Output => string.Join('\n', _output.ToArray().Concat(_error.ToArray()));

    public static Osched Start(string arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Path, arguments)
        { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };

        // Tasks write down what they did where the tests look.
        start.Environment["Agent__Isolation__Writable"] = System.IO.Path.GetTempPath();
        foreach (var (name, value) in environment ?? ImmutableDictionary<string, string>.Empty) start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var osched = new Osched(process);
        process.OutputDataReceived += (_, e) => Keep(osched._output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(osched._error, e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return osched;
    }

    /// <summary>Runs it to its end and answers exit code, data and messages.</summary>
    public static async Task<OschedResult> Run(string arguments, int seconds, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var osched = Start(arguments, environment);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await osched._process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"osched {arguments} has not ended within {seconds} s:\n{osched.Output}");
        }

        return new(osched._process.ExitCode, string.Join('\n', osched._output), string.Join('\n', osched._error));
    }

    /// <summary>SIGKILL, to this process only: what it started lives on.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to end, and gives it the time to do so in good order.</summary>
    public async Task Stop()
    {
        if (_process.HasExited) return;
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await ((Task)_process.WaitForExitAsync(deadline.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Kill();
        _process.Dispose();
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null) return;
        lines.Enqueue(line);
        while (lines.Count > 1000) lines.TryDequeue(out _);
    }
}

/// <summary>What came of one run.</summary>
internal sealed record OschedResult(int ExitCode, string Output, string Error);

/// <summary>Waiting for what has to come true.</summary>
internal static class Eventually
{
    public static async Task True(Func<Task<bool>> condition, int seconds, Func<string> describe)
    {
        var started = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            if (started.Elapsed.TotalSeconds > seconds) Assert.Fail($"not within {seconds} s: {describe()}");
            await timer.WaitForNextTickAsync();
        }
    }
}
