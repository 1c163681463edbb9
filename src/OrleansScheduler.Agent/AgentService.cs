using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Runs the agent: takes over the tasks of before, then keeps a session with a gateway for as long as the program runs.</summary>
internal sealed partial class AgentService(
    IServiceProvider services, IOptions<AgentOptions> options, GatewayAddresses gateways, CommandHandler commands, TaskRunner runner,
        AttemptTable table,
    SandboxKeeper sandboxes, AgentTelemetry telemetry, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<AgentService> logger) : BackgroundService
{
    private static readonly TimeSpan Upkeep = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForcedEnd = TimeSpan.FromSeconds(50);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        telemetry.ObserveTasks(() => table.All.Select(attempt => attempt.Record.Status));
        commands.Recover();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KillTasksOnStop)
        {
            var running = table.All.Where(attempt => !attempt.Record.Status.IsTerminal()).ToList();
            foreach (var attempt in running) runner.Stop(attempt, StopReason.Kill, "The agent was stopped, and its tasks with it.");
            var longest = running.Select(attempt => attempt.Spec is { } spec
                ? spec.Kill.Longest + (spec.Processes is [] ? TimeSpan.Zero : 2 * spec.FinalizationWait)
                : TimeSpan.Zero).DefaultIfEmpty().Max();
            await runner.Drain(longest + ForcedEnd);
        }

        await base.StopAsync(cancellationToken);
        await runner.Release();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Sessions(stoppingToken), Maintain(stoppingToken));

    private async Task Sessions(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            SessionEnd end;
            try
            {
                end = await ActivatorUtilities.CreateInstance<GatewaySession>(services, gateways.Current).Run(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever a gateway sends, the tasks and the next session must not suffer from it.
                LogSessionFailed(e);
                end = new(Retry: true, "failed", e.Message);
            }

            telemetry.SessionEnded(end.Retry ? "retry" : "refused");
            if (!end.Retry)
            {
                LogRefused(end.Reason, end.Message);
                lifetime.StopApplication();
                return;
            }

            LogEnded(end.Reason, end.Message);
            gateways.Next();
            await Pause(options.Value.ReconnectDelay * (RandomNumberGenerator.GetInt32(1000) / 1000.0), stoppingToken);
        }
    }

    private async Task Maintain(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                sandboxes.Clean();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogUpkeepFailed(e);
            }

            await Pause(Upkeep, stoppingToken);
        }
    }

    private async Task Pause(TimeSpan duration, CancellationToken stoppingToken) =>
        await Task.Delay(duration, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "Gateway refuses this agent for good ({Code}): {Reason} The agent stops; its tasks run on")]
    private partial void LogRefused(string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Session with the gateway ended ({Code}): {Reason}")]
    private partial void LogEnded(string code, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Session with the gateway failed")]
    private partial void LogSessionFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "State directory could not be tidied")]
    private partial void LogUpkeepFailed(Exception exception);
}
