using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo.Tests;

/// <summary>A user's coordinator on this machine, which remembers what it was asked.</summary>
internal sealed class LocalCoordinator : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _now;

    private LocalCoordinator(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.First()}/drain";

    public ConcurrentQueue<(string Query, JsonElement Body)> Asked { get; } = [];

    public int MostAtOnce { get; private set; }

    /// <param name="allows">Which tasks it lets go.</param>
    /// <param name="instead">What it answers instead of a proper answer: a body, a status code, or <c>slow</c> for nothing.</param>
    public static async Task<LocalCoordinator> Start(Func<string, bool> allows, string? instead = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        var coordinator = new LocalCoordinator(builder.Build());
        coordinator._app.MapPost("/drain", context => coordinator.Answer(context, allows, instead));
        await coordinator._app.StartAsync();
        return coordinator;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task Answer(HttpContext context, Func<string, bool> allows, string? instead)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _now));
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
            Asked.Enqueue((context.Request.QueryString.Value!, body));
            if (instead == "slow")
            {
                var aborted = new TaskCompletionSource();
                await using var registration = context.RequestAborted.Register(aborted.SetResult);
                await aborted.Task;
            }
            else if (instead == "500")
            {
                context.Response.StatusCode = 500;
            }
            else
            {
                var answer = new Dictionary<string, bool> { ["may-go"] = allows(context.Request.Query["task"]!) };
                await context.Response.WriteAsync(instead ?? JsonSerializer.Serialize(answer));
            }
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }
}
