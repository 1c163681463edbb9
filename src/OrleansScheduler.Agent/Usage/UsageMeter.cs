using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>
/// Measures every few seconds what tasks and node use: tells the cell, and ends tasks whose sandbox takes more disk than they asked for.
/// </summary>
internal sealed partial class UsageMeter : BackgroundService
{
    /// <summary>A walk over a sandbox costs disk time, so the next one waits this many times as long as the last took.</summary>
    private const int DiskShare = 50;

    private const long MiB = 1024 * 1024;

    private readonly Dictionary<AttemptId, UseHistory> _histories = [];
    private readonly Channel<Protocol.Usage> _measured =
        Channel.CreateBounded<Protocol.Usage>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly AttemptTable _table;
    private readonly Dictionary<string, ITaskDriver> _drivers;
    private readonly TaskRunner _runner;
    private readonly DiskRoom _room;
    private readonly DiskQuota _quota;
    private readonly AgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<UsageMeter> _logger;
    private MachineUse? _machine;

    public UsageMeter(
        AttemptTable table, IEnumerable<ITaskDriver> drivers, TaskRunner runner, DiskRoom room, DiskQuota quota, AgentTelemetry telemetry,
        IOptions<AgentOptions> options, TimeProvider time, ILogger<UsageMeter> logger)
    {
        (_table, _runner, _room, _quota) = (table, runner, room, quota);
        (_options, _time, _logger) = (options.Value, time, logger);
        _drivers = drivers.ToDictionary(driver => driver.Name, StringComparer.Ordinal);
        telemetry.ObserveUsage(() => Latest);
    }

    /// <summary>What was measured last; null when nothing was yet.</summary>
    public Protocol.Usage? Latest { get; private set; }

    /// <summary>Waits for the next measurement.</summary>
    public ValueTask<Protocol.Usage> Next(CancellationToken cancellationToken) => _measured.Reader.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Latest = await Measure(stoppingToken);
                _measured.Writer.TryWrite(Latest);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotMeasured(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(_options.UsageEvery, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Protocol.Usage> Measure(CancellationToken cancellationToken)
    {
        var machine = MachineUse.Read("/");
        var usage = new Protocol.Usage
        {
            AtUnixMillis = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            MemoryMib = machine.MemoryMiB,
            DiskFreeMib = _room.FreeMiB,
            DiskPressure = _room.IsShort,
        };
        if (_machine is { } before && machine.CpuMillisSince(before, Environment.ProcessorCount) is { } cpu) usage.CpuMillis = cpu;
        _machine = machine;

        var unused = Resources.None;
        var running = _table.All
            .Where(attempt => attempt is { Spec: not null, Record.Status: ScheduleStatus.Running or ScheduleStatus.Starting })
            .OrderBy(attempt => attempt.Id.ToString(), StringComparer.Ordinal).ToList();
        foreach (var attempt in running)
        {
            if (!_histories.TryGetValue(attempt.Id, out var history)) _histories[attempt.Id] = history = new();
            MeasureDisk(attempt, history);
            if (await Measure(attempt, history, cancellationToken) is not { } use) continue;
            usage.Tasks.Add(use);
            unused += history.Unused(attempt.Spec!.Resources);
        }

        usage.Unused = new() { CpuMillis = unused.CpuMillis, MemoryMib = unused.MemoryMiB };
        var known = running.Select(attempt => attempt.Id).ToHashSet();
        foreach (var gone in _histories.Keys.Where(id => !known.Contains(id)).ToList()) _histories.Remove(gone);
        return usage;
    }

    private async Task<Protocol.TaskUse?> Measure(Attempt attempt, UseHistory history, CancellationToken cancellationToken)
    {
        var stats = _drivers.TryGetValue(attempt.Spec!.Driver, out var driver) ? await driver.Stats(attempt, cancellationToken) : null;
        if (stats is null && history.DiskBytes is null) return null;
        var use = new Protocol.TaskUse { Attempt = attempt.Id.ToMessage() };
        if (history.DiskBytes is { } disk) use.DiskBytes = disk;
        if (stats is not { } now) return use;
        if (history.Add(now, _time) is { } cpu) use.CpuMillis = cpu;
        use.CpuTimeMicros = (long)now.Cpu.TotalMicroseconds;
        use.MemoryBytes = now.MemoryBytes;
        use.PeakMemoryBytes = now.PeakMemoryBytes;
        use.Processes = now.Processes;
        use.DiskReadBytes = now.DiskReadBytes;
        use.DiskWrittenBytes = now.DiskWrittenBytes;
        return use;
    }

    private void MeasureDisk(Attempt attempt, UseHistory history)
    {
        var began = _time.GetTimestamp();
        if (history.DiskBytes is not null && began < history.DiskDue) return;
        var used = _quota.Used(attempt.Directory) ?? SandboxSize.Of(attempt.Directory.Sandbox);
        history.DiskBytes = used;
        history.DiskDue = _time.GetTimestamp() + ((_time.GetTimestamp() - began) * DiskShare);
        var reserved = attempt.Spec!.Resources.DiskMiB;
        if (reserved == 0 || used <= reserved * MiB) return;
        var whole = (used + MiB - 1) / MiB;
        _runner.Stop(
            attempt, StopReason.OverLimit, $"Disk limit exceeded. Reserved {Units.FormatMiB(reserved)} vs used {Units.FormatMiB(whole)}.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What tasks and node use could not be measured")]
    private partial void LogNotMeasured(Exception exception);
}
