using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Cli.Tests;

/// <summary>A request as the stub saw it.</summary>
internal sealed record SeenRequest(
    string Method, string PathAndQuery, string? OperationId, string? LastEventId, string? Accept, string? ContentType, string? IfMatch,
    string Body);

/// <summary>A gateway on a loopback port that answers as the test says.</summary>
internal sealed class StubGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubGateway(WebApplication app) => _app = app;

    public ConcurrentQueue<SeenRequest> Seen { get; } = [];

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Starts it; <paramref name="answer"/> gets each request and how many came before it.</summary>
    public static async Task<StubGateway> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var stub = new StubGateway(builder.Build());
        stub._app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            var headers = context.Request.Headers;
            var before = stub.Seen.Count;
            stub.Seen.Enqueue(new(
                context.Request.Method, context.Request.Path + context.Request.QueryString,
                headers["Idempotency-Key"], headers["Last-Event-ID"],
                headers.Accept, headers.ContentType, headers.IfMatch, await reader.ReadToEndAsync()));
            await answer(context, before);
        });
        await stub._app.StartAsync();
        return stub;
    }

    /// <summary>Starts one that always gives the same JSON.</summary>
    public static Task<StubGateway> WithAsync(string json, int status = 200) =>
        StartAsync((context, _) => WriteAsync(context, json, status));

    /// <summary>Starts one that always gives the same problem.</summary>
    public static Task<StubGateway> WithProblemAsync(int status, string code, string detail = "It is so.", params FieldError[] errors) =>
        StartAsync((context, _) => WriteProblemAsync(context, status, code, detail, errors));

    public static Task WriteAsync(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    public static Task WriteProblemAsync(
        HttpContext context, int status, string code, string detail = "It is so.", params FieldError[] errors)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync(
            JsonSerializer.Serialize(new { title = "Problem", status, detail, code, errors }, WireJson.Options));
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
