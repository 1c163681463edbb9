using System.Diagnostics;

namespace OrleansScheduler.Agent.Tests;

/// <summary>A registry of images on the loopback, without TLS and with nothing in it.</summary>
internal sealed class Registry : IAsyncDisposable
{
    public const string Program = "/usr/bin/docker-registry";
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-registry-").FullName;
    private Process? _process;

    public static async Task<Registry> Start(int port)
    {
        var registry = new Registry();
        var settings = Path.Combine(registry._directory, "config.yml");
        await File.WriteAllTextAsync(settings, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{registry._directory}}/data } }
            http: { addr: "127.0.0.1:{{port}}" }
            """);
        registry._process = Process.Start(new ProcessStartInfo(Program, ["serve", settings])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        });
        _ = registry._process!.StandardError.ReadToEndAsync();
        using var http = new HttpClient();
        await Wait.Until(() => Answers(http, port), "the registry answers");
        return registry;
    }

    public async ValueTask DisposeAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static bool Answers(HttpClient http, int port)
    {
        try
        {
            return http.Send(new(HttpMethod.Get, $"http://127.0.0.1:{port}/v2/")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
