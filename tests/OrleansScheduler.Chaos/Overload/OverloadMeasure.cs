using System.Diagnostics;
using System.Net;
using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>Sends reads and changes at their own times, whatever becomes of them.</summary>
internal sealed class OverloadMeasure(ControlPlane plane, int admitted, int times, TimeSpan duration)
{
    private const int Workers = 64;
    private const int AcceptedInARow = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JobKey Job = new("chaos", "test", "asked");

    private readonly Lock _lock = new();
    private readonly List<double> _accepted = [];
    private readonly List<double> _refused = [];
    private int _other;
    private int _withoutRetryAfter;

    /// <summary>The load, and what comes after it.</summary>
    public async Task<OverloadReport> Run(CancellationToken cancellationToken)
    {
        using (var client = plane.Client())
        {
            if ((await client.SubmitJobsAsync(ApiProbe.FileOf(Job), cancellationToken: cancellationToken)).Problem is { } problem)
                throw new InvalidOperationException($"{problem.Code}: {problem.Message}");
        }

        using var http = new HttpClient { BaseAddress = plane.Gateway, Timeout = Patience };
        var (silos, gateways) = (ProcessUse.Of(plane.Silos), ProcessUse.Of(plane.Gateways));
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Send(http, worker, cancellationToken)));
        var took = Stopwatch.GetElapsedTime(started);
        var (silosAfter, gatewaysAfter) = (ProcessUse.Of(plane.Silos), ProcessUse.Of(plane.Gateways));
        var recovery = await Recovery(http, cancellationToken);
        return new()
        {
            AdmittedPerSecond = 2 * admitted,
            SentPerSecond = Math.Round((_accepted.Count + _refused.Count + _other) / took.TotalSeconds),
            Seconds = Math.Round(took.TotalSeconds, 1),
            Accepted = Times.Of(_accepted),
            Refused = Times.Of(_refused),
            RefusedWithoutRetryAfter = _withoutRetryAfter,
            Failed = _other,
            GatewayMemory = [gateways.MemoryBytes, gatewaysAfter.MemoryBytes],
            SiloMemory = [silos.MemoryBytes, silosAfter.MemoryBytes],
            GatewayCpuSeconds = Math.Round(gatewaysAfter.CpuSeconds - gateways.CpuSeconds, 1),
            SiloCpuSeconds = Math.Round(silosAfter.CpuSeconds - silos.CpuSeconds, 1),
            RecoveryMs = Math.Round(recovery.TotalMilliseconds),
            LoadAverage = LoadAverage.Now,
        };
    }

    private async Task Send(HttpClient http, int worker, CancellationToken cancellationToken)
    {
        var period = TimeSpan.FromSeconds(Workers / (2.0 * admitted * times));
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; Stopwatch.GetElapsedTime(started) < duration; number++)
        {
            var wait = (period * (number + (worker / (double)Workers))) - Stopwatch.GetElapsedTime(started);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, TimeProvider.System, cancellationToken);
            var sent = Stopwatch.GetTimestamp();
            var (status, hasAdvice) = await Ask(http, isChange: (number + worker) % 2 == 0, cancellationToken);
            var ms = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            lock (_lock)
            {
                if (status is HttpStatusCode.OK) _accepted.Add(ms);
                else if (status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) _refused.Add(ms);
                else _other++;
                if (status is not HttpStatusCode.OK && !hasAdvice) _withoutRetryAfter++;
            }
        }
    }

    /// <summary>How long after the load a client that asks within the rate is still refused anything.</summary>
    private static async Task<TimeSpan> Recovery(HttpClient http, CancellationToken cancellationToken)
    {
        var ended = Stopwatch.GetTimestamp();
        var lastRefused = TimeSpan.Zero;
        for (var inARow = 0; inARow < AcceptedInARow; inARow++)
        {
            var (status, _) = await Ask(http, isChange: true, cancellationToken);
            if (status is not HttpStatusCode.OK) (inARow, lastRefused) = (0, Stopwatch.GetElapsedTime(ended));
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return lastRefused;
    }

    private static async Task<(HttpStatusCode? Status, bool HasAdvice)> Ask(
        HttpClient http, bool isChange, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{Job}");
            if (isChange)
            {
                (request.Method, request.RequestUri) = (HttpMethod.Post, new Uri($"v1/jobs/{Job}/scale", UriKind.Relative));
                request.Headers.Add("Idempotency-Key", SchedulerClient.NewOperationId());
                request.Content = new StringContent("""{"instances":1}""", Encoding.UTF8, "application/json");
            }

            using var answer = await http.SendAsync(request, cancellationToken);
            return (answer.StatusCode, answer.Headers.RetryAfter is not null);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, false);
        }
    }
}
