using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>
/// Asks users' coordinators by HTTP whether an instance may be stopped. Whatever is not a clear yes is a no for now: slowness, errors,
/// nonsense, and that the coordinator is being asked about another instance.
/// </summary>
/// <remarks>The bounds hold for each silo.</remarks>
internal sealed class SlaCoordinators : IDisposable
{
    private const int AtOnce = 10;
    private const int MaxAnswerBytes = 64 * 1024;

    private readonly ConcurrentDictionary<string, bool> _inFlight = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _free = new(AtOnce, AtOnce);
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    });

    private readonly string _cell;
    private readonly SiloTelemetry _telemetry;

    public SlaCoordinators(IOptions<CellOptions> options, SiloTelemetry telemetry)
    {
        (_cell, _telemetry) = (options.Value.Name, telemetry);
        (_http.Timeout, _http.MaxResponseContentBufferSize) = (options.Value.Maintenance.CoordinatorTimeout, MaxAnswerBytes);
    }

    /// <summary>Asks about one instance. Answers why it may not be stopped, or null when it may and <paramref name="allowed"/> has been
    /// done; until then nobody else asks the same coordinator.</summary>
    /// <param name="coordinator">Who is asked.</param>
    /// <param name="question">About what.</param>
    /// <param name="allowed">What follows from a yes.</param>
    public async Task<string?> Ask(SlaCoordinator coordinator, CoordinatorQuestion question, Func<Task> allowed)
    {
        if (!_inFlight.TryAdd(coordinator.Url, true))
            return Busy($"The coordinator {coordinator.Url} is being asked about another instance.");
        try
        {
            if (!await _free.WaitAsync(0)) return Busy($"{AtOnce} coordinators are being asked just now.");
            try
            {
                var refusal = await Refusal(coordinator, question);
                _telemetry.CoordinatorAsked(refusal is null ? "yes" : "no");
                if (refusal is null) await allowed();
                return refusal;
            }
            finally
            {
                _free.Release();
            }
        }
        finally
        {
            _inFlight.TryRemove(coordinator.Url, out _);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _free.Dispose();
    }

    private string Busy(string reason)
    {
        _telemetry.CoordinatorAsked("busy");
        return reason;
    }

    private async Task<string?> Refusal(SlaCoordinator coordinator, CoordinatorQuestion question)
    {
        var task = $"{_cell}/{question.TaskConfig.Job}/{question.TaskConfig.Instance}";
        try
        {
            var url = new UriBuilder(coordinator.Url);
            url.Query = $"{url.Query.TrimStart('?')}{(url.Query.Length > 1 ? "&" : "")}task={task}";
            using var content = JsonContent.Create(question with { Task = task }, options: WireJson.Options);
            using var response = await _http.PostAsync(url.Uri, content);
            if (response.StatusCode != HttpStatusCode.OK)
                return $"The coordinator {coordinator.Url} answered {(int)response.StatusCode}.";
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
            var isYes = answer.RootElement.ValueKind == JsonValueKind.Object
                && answer.RootElement.TryGetProperty(coordinator.Key, out var field) && field.ValueKind == JsonValueKind.True;
            return isYes ? null : $"The coordinator {coordinator.Url} does not let it go.";
        }
        catch (OperationCanceledException)
        {
            return $"The coordinator {coordinator.Url} has not answered within {Units.FormatDuration(_http.Timeout)}.";
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or UriFormatException or InvalidOperationException)
        {
            return $"The coordinator {coordinator.Url} could not be asked: {e.Message}";
        }
    }
}

/// <summary>What a coordinator is asked: the fields that Aurora's are.</summary>
/// <param name="TaskConfig">The task.</param>
/// <param name="Task">The task's name: cell, role, environment, job and instance.</param>
/// <param name="ForceMaintenanceCountdownMs">How long until it is stopped whatever the answer is; null for never.</param>
internal sealed record CoordinatorQuestion(TaskView TaskConfig, string Task, long? ForceMaintenanceCountdownMs);
