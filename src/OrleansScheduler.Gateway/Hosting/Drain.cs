using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>
/// The end of a gateway in good order. When it is asked to end it says so where load balancers look, takes no more changes, and goes on to
/// answer for <see cref="GatewayOptions.DrainTime"/>, so that nobody is sent to a closed door; only then the listeners close.
/// </summary>
internal sealed class Drain(IHostApplicationLifetime lifetime, IOptions<GatewayOptions> options, TimeProvider time) : IHostedService
{
    private volatile bool _begun;
    private CancellationTokenRegistration _registration;

    /// <summary>Whether the gateway was asked to end.</summary>
    public bool HasBegun => _begun;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The host closes the listeners when all who were told of the end have returned.
        _registration = lifetime.ApplicationStopping.Register(() =>
        {
            _begun = true;
            if (lifetime.ApplicationStarted.IsCancellationRequested) Task.Delay(options.Value.DrainTime, time).GetAwaiter().GetResult();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _registration.DisposeAsync().AsTask();
}
