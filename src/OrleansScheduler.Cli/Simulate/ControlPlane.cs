using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>What the control plane has used so far; null where it cannot be seen from here.</summary>
internal readonly record struct ControlPlaneUse(double? CpuSeconds, long? BytesWritten, long? MemoryBytes);

/// <summary>The cell that a simulation runs against.</summary>
internal interface IControlPlane : IAsyncDisposable
{
    /// <summary>Where its API is.</summary>
    Uri Gateway { get; }

    /// <summary>Where agents connect.</summary>
    Uri Agents { get; }

    /// <summary>What it has used so far.</summary>
    Task<ControlPlaneUse> Use(CancellationToken cancellationToken);
}

/// <summary>A cell that runs already. Its processor time is what the metrics of its processes say.</summary>
/// <param name="gateway">Where its API is.</param>
/// <param name="agents">Where agents connect.</param>
/// <param name="metrics">Where its processes serve metrics.</param>
internal sealed class RunningCell(Uri gateway, Uri agents, ImmutableArray<Uri> metrics) : IControlPlane
{
    private const string CpuTime = "dotnet_process_cpu_time_seconds_total";
    private const string Memory = "dotnet_process_memory_working_set_bytes";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    public Uri Gateway => gateway;

    public Uri Agents => agents;

    public async Task<ControlPlaneUse> Use(CancellationToken cancellationToken)
    {
        try
        {
            var texts = await Task.WhenAll(metrics.Select(address => _http.GetStringAsync(address, cancellationToken)));
            return new(SumOf(CpuTime), BytesWritten: null, (long?)SumOf(Memory));

            // What one of them does not tell makes the sum unknown.
            double? SumOf(string name) => texts.Select(text => Sum(text, name)).Aggregate((double?)0, (sum, one) => sum + one);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return default;
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static double? Sum(string text, string name)
    {
        var values = text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts.Length > 0)
            .Select(parts => double.Parse(parts[0], CultureInfo.InvariantCulture)).ToList();
        return values.Count == 0 ? null : values.Sum();
    }
}

/// <summary>A cell of its own in another process, on a directory that goes away with it.</summary>
internal sealed class PrivateCell : IControlPlane
{
    private const int LinesKept = 10;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;

    private PrivateCell(Process process, string directory, int port)
    {
        (_process, _directory) = (process, directory);
        Gateway = new($"http://127.0.0.1:{port}");
        Agents = new($"http://127.0.0.1:{port + 1}");
    }

    public Uri Gateway { get; }

    public Uri Agents { get; }

    /// <summary>The process, for profilers.</summary>
    public int Id => _process.Id;

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="heartbeat">How often agents say that they live; null for the cell's default.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Answer<PrivateCell>> StartAsync(TimeSpan? heartbeat, TimeProvider time, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("osched-simulate-").FullName;
        var port = Ports.FreePair(Ports.Free());
        var command = SelfCommand.Value.Split(' ', 2);
        var start = new ProcessStartInfo(command[0])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = [.. command.Skip(1), "dev", "--no-agent", "--port", $"{port}", "--state", directory];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        if (heartbeat is { } period) start.Environment["Cell__HeartbeatPeriod"] = period.ToString("c", CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        var said = new ConcurrentQueue<string>();
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var cell = new PrivateCell(process, directory, port);
        try
        {
            using var client = new SchedulerClient(new() { Gateway = cell.Gateway, Attempts = 1 });
            for (var since = time.GetTimestamp(); (await client.DescribeCellAsync(cancellationToken)).Problem is { } problem;)
            {
                if (cell._process.HasExited || time.GetElapsedTime(since) > StartTime)
                {
                    await cell.DisposeAsync();
                    var last = string.Join(' ', said);
                    return problem with { Message = $"The simulation's own cell does not start: {problem.Message} {last}".TrimEnd() };
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
            }

            return cell;
        }
        catch (OperationCanceledException)
        {
            await cell.DisposeAsync();
            throw;
        }
    }

    public Task<ControlPlaneUse> Use(CancellationToken cancellationToken)
    {
        _process.Refresh();
        return Task.FromResult(
            new ControlPlaneUse(_process.TotalProcessorTime.TotalSeconds, WrittenBy(_process.Id), _process.WorkingSet64));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();   // nothing of it is wanted any more
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Keep(ConcurrentQueue<string> said, string? line)
    {
        if (line is null) return;
        said.Enqueue(line);
        if (said.Count > LinesKept) said.TryDequeue(out _);
    }

    private static long? WrittenBy(int process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/io").Where(line => line.StartsWith("write_bytes:", StringComparison.Ordinal))
                .Select(line => (long?)long.Parse(line.AsSpan("write_bytes:".Length), CultureInfo.InvariantCulture)).FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
