using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansScheduler.Cli;

/// <summary>A role without a listener of its own is ready from the moment that it has started until it is asked to end.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            !lifetime.ApplicationStarted.IsCancellationRequested ? HealthCheckResult.Unhealthy("It is starting.")
            : lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("It is stopping.")
            : HealthCheckResult.Healthy());
}
