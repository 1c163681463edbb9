using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A real Prometheus that scrapes one address every second, as the jobs <c>silo</c>, <c>gateway</c> and <c>agent</c>.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly Process _process;

    public PrometheusServer(Uri target, string directory)
    {
        var port = LoopbackPort.Free();
        var config = Path.Combine(directory, "prometheus.yml");
        var targets = new { targets = (string[])[target.Authority] };
        var jobs = ((string[])["silo", "gateway", "agent"]).Select(job => new { job_name = job, static_configs = new[] { targets } });

        // YAML contains JSON.
        File.WriteAllText(config, JsonSerializer.Serialize(new { global = new { scrape_interval = "1s" }, scrape_configs = jobs }));
        _http.BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        _process = Process.Start(new ProcessStartInfo("prometheus",
        [
            $"--config.file={config}", $"--storage.tsdb.path={Path.Combine(directory, "prometheus")}",
            $"--web.listen-address={_http.BaseAddress.Authority}", "--log.level=error",
        ])
        { UseShellExecute = false })!;
    }

    /// <summary>The numbers that an expression has now; none while Prometheus is not ready.</summary>
    public async Task<IReadOnlyList<double>> Query(string expression)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative));
            using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
            if (answer.RootElement.GetProperty("status").GetString() != "success") return [];
            return
            [
                .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                    .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)),
            ];
        }
        catch (HttpRequestException) when (!_process.HasExited)
        {
            return [];
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
    }
}
