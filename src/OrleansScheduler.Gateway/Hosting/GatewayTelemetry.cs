using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansScheduler.Gateway;

/// <summary>What the gateway counts and traces.</summary>
public sealed class GatewayTelemetry
{
    /// <summary>Name of the gateway's <see cref="Meter"/> and <see cref="ActivitySource"/>.</summary>
    public const string Name = "OrleansScheduler.Gateway";

    internal static readonly ActivitySource Source = new(Name);

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Makes the meter, so that tests can tell theirs apart.</param>
    public GatewayTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        Agents = meter.CreateUpDownCounter<long>("scheduler.gateway.agents", "{agent}", "Agents that hold a session with this gateway.");
        LogBytes = meter.CreateCounter<long>("scheduler.gateway.log.bytes", "By", "Task output that this gateway has handed to readers.");
        Refused = meter.CreateCounter<long>(
            "scheduler.gateway.requests.refused", "{request}", "Requests that were refused because there were too many, by reason.");
        Events = meter.CreateCounter<long>(
            "scheduler.gateway.events.streamed", "{event}", "Events that this gateway has streamed to watchers.");
    }

    internal UpDownCounter<long> Agents { get; }

    internal Counter<long> Refused { get; }

    internal Counter<long> LogBytes { get; }

    internal Counter<long> Events { get; }
}
