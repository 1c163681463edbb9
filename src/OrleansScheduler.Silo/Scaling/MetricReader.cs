using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>Asks a Prometheus server for single values (its HTTP API, <c>/api/v1/query</c>).</summary>
internal sealed class MetricReader : IDisposable
{
    /// <summary>Most questions that a silo has under way; more wait.</summary>
    private const int MostAtOnce = 16;
    private const int MostBytes = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new() { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
    private readonly SemaphoreSlim _atOnce = new(MostAtOnce);
    private readonly Uri? _server;

    public MetricReader(IOptions<CellOptions> options) => _server = options.Value.Prometheus;

    /// <summary>The value of a query; else why there is none.</summary>
    public async Task<(double? Value, string? Failure)> Read(string query, CancellationToken cancellationToken)
    {
        if (_server is null) return (null, "No Prometheus server is configured (Cell:Prometheus).");
        await _atOnce.WaitAsync(cancellationToken);
        try
        {
            var address = new Uri(_server, $"api/v1/query?query={Uri.EscapeDataString(query)}");
            using var response = await _http.GetAsync(address, cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var document = await JsonDocument.ParseAsync(body, default, cancellationToken);
            return Value(document.RootElement);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, $"The Prometheus server does not answer the query: {e.Message}");
        }
        finally
        {
            _atOnce.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _atOnce.Dispose();
    }

    /// <summary>The one sample of an answer: a scalar, or a vector of length one.</summary>
    internal static (double? Value, string? Failure) Value(JsonElement answer)
    {
        if (!answer.TryGetProperty("data", out var data))
        {
            var error = answer.TryGetProperty("error", out var text) ? text.GetString() : "it has no data";
            return (null, $"The query cannot be answered: {error}.");
        }

        var (type, result) = (data.GetProperty("resultType").GetString(), data.GetProperty("result"));
        if (type == "vector" && result.GetArrayLength() != 1)
            return (null, $"The query gives {result.GetArrayLength()} values; it has to give one, as sum(…) does.");
        if (type is not ("vector" or "scalar")) return (null, $"The query gives a {type}; it has to give one value.");
        var sample = type == "vector" ? result[0].GetProperty("value") : result;
        return double.TryParse(sample[1].GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? (value, null)
            : (null, $"The query gives '{sample[1].GetString()}', which is no number.");
    }
}
