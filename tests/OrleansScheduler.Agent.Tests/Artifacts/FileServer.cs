using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Agent.Tests;

/// <summary>A web server with what a test gives it, which counts what it was asked for.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<(string Path, int Status)> _served = [];
    private int _busy;

    private FileServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(Answer);
    }

    public ConcurrentDictionary<string, Func<HttpContext, Task>> Pages { get; } = new(StringComparer.Ordinal);

    public string Url => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public IEnumerable<(string Path, int Status)> Served => _served;

    public int MostAtOnce { get; private set; }

    public static async Task<FileServer> Start()
    {
        var server = new FileServer();
        await server._application.StartAsync();
        return server;
    }

    /// <summary>Offers a file, and says its address.</summary>
    public string Offer(string path, byte[] content, string? etag = null)
    {
        Pages[path] = async context =>
        {
            if (etag is not null) context.Response.Headers.ETag = etag;
            if (etag is not null && context.Request.Headers.IfNoneMatch == etag) context.Response.StatusCode = 304;
            else await context.Response.Body.WriteAsync(content);
        };
        return Url + path;
    }

    public int CountOf(string path, int status = 200) => _served.Count(served => served == (path, status));

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private async Task Answer(HttpContext context)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _busy));
        try
        {
            if (Pages.TryGetValue(context.Request.Path, out var page)) await page(context);
            else context.Response.StatusCode = 404;
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
            _served.Enqueue((context.Request.Path, context.Response.StatusCode));
        }
    }
}
