using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OrleansScheduler.Cli;

/// <summary>What every role tells about itself: metrics to scrape, and OTLP when the environment names a receiver.</summary>
internal static class Telemetry
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const int MostSeriesOfOrleans = 200;

    /// <summary>From fractions of a millisecond to a minute: what waiting and working take in a scheduler.</summary>
    private static readonly double[] SecondBuckets =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    /// <summary>Collects the role's own meters, Orleans', ASP.NET's and the runtime's under the service name <c>osched-role</c>.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder, string role)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService($"osched-{role}", serviceVersion: Product.Version))
            .WithMetrics(metrics => metrics
                .AddMeter("OrleansScheduler.*", "Microsoft.Orleans")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                .AddView(StreamOf)
                .AddPrometheusExporter());
        if (string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint])) return;
        telemetry
            .WithTracing(traces => traces
                .AddSource("OrleansScheduler.*", "Microsoft.Orleans.*")
                .AddAspNetCoreInstrumentation()
                .AddProcessor(new TracesBeginOutside()))
            .UseOtlpExporter();
    }

    /// <summary>
    /// The default boundaries are made for milliseconds; ours measure in seconds. Of Orleans' many instruments none has many series, and
    /// there would be room for two thousand of each.
    /// </summary>
    private static MetricStreamConfiguration? StreamOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Unit: "s", Advice: null, Meter.Name: var meter }
            when meter.StartsWith("OrleansScheduler.", StringComparison.Ordinal) =>
            new ExplicitBucketHistogramConfiguration { Boundaries = SecondBuckets },
        { Meter.Name: "Microsoft.Orleans" } => new() { CardinalityLimit = MostSeriesOfOrleans },
        _ => null,
    };
}

/// <summary>
/// Lets traces begin with a request, never with a call between grains: else every heartbeat and every timer would be a trace of its own.
/// </summary>
internal sealed class TracesBeginOutside : BaseProcessor<Activity>
{
    /// <inheritdoc/>
    public override void OnStart(Activity data)
    {
        if (data.ParentSpanId != default || !data.Source.Name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal)) return;
        data.IsAllDataRequested = false;
        data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
