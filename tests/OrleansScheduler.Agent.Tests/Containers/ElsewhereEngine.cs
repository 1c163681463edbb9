using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Agent.Tests;

/// <summary>What answers like an engine that has every image and runs on another kernel, such as that of a virtual machine.</summary>
internal sealed class ElsewhereEngine : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _asked = [];
    private readonly WebApplication _application;

    private ElsewhereEngine(string socket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        _application = builder.Build();
        _application.MapFallback(Answer);
    }

    public IEnumerable<string> Asked => _asked;

    public static async Task<ElsewhereEngine> Start(string socket)
    {
        var engine = new ElsewhereEngine(socket);
        await engine._application.StartAsync();
        return engine;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private IResult Answer(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        _asked.Enqueue(path);
        return path switch
        {
            _ when path.EndsWith("/info", StringComparison.Ordinal) =>
                Results.Text("{\"KernelVersion\":\"5.0-elsewhere\"}", "application/json"),
            _ when path.Contains("/images/", StringComparison.Ordinal) => Results.Text("{\"Id\":\"sha256:0\"}", "application/json"),
            _ when path.EndsWith("/containers/json", StringComparison.Ordinal) => Results.Text("[]", "application/json"),
            _ => Results.Text("{\"message\":\"no such container\"}", "application/json", statusCode: 404),
        };
    }
}
