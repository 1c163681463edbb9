using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using OrleansScheduler.Agent.GrpcHealthV1;
using ServerCallContext = Grpc.Core.ServerCallContext;

namespace OrleansScheduler.Agent.Tests;

public sealed class ProbeTests : IAsyncLifetime
{
    private static readonly HealthSpec Fast = new()
    {
        Probe = new HealthProbe.Tcp("http"),
        InitialDelay = TimeSpan.FromSeconds(20),
        Interval = TimeSpan.FromMilliseconds(50),
        Timeout = TimeSpan.FromSeconds(5),
    };

    private Node _node = null!;
    private WebApplication? _server;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_server_is_asked_over_TLS_whoever_made_its_certificate()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=nobody", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        var status = 200;
        var (attempt, port) = await Launch(new HealthProbe.Https("http", "/ok"));
        await Serve(port, listen => listen.UseHttps(certificate), application => application.Run(context =>
        {
            context.Response.StatusCode = context.Request is { Path.Value: "/ok", IsHttps: true } ? status : 404;
            return Task.CompletedTask;
        }));
        await _node.Gateway.Reaches(attempt, Status.Running);

        status = 500;

        Assert.Contains("GET /ok answered 500", (await _node.Gateway.End(attempt)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gRPC_server_is_well_while_the_service_that_is_named_is_serving()
    {
        var health = new FakeHealth();
        var (attempt, port) = await Launch(new HealthProbe.Grpc("http", "shop.Cart"));
        await Serve(port, listen => listen.Protocols = HttpProtocols.Http2, application => application.MapGrpcService<FakeHealth>(),
            services => services.AddSingleton(health).AddGrpc());
        await _node.Gateway.Reaches(attempt, Status.Running);
        Assert.Equal("shop.Cart", health.Asked);

        health.Status = HealthCheckResponse.Types.ServingStatus.NotServing;

        Assert.Contains("its gRPC health is NotServing", (await _node.Gateway.End(attempt)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_does_not_speak_gRPC_is_not_well()
    {
        var (attempt, port) = await Launch(new HealthProbe.Grpc("http", ""));

        await Serve(port, _ => { }, application => application.Run(_ => Task.CompletedTask));

        Assert.Contains("could not be asked for", (await _node.Gateway.End(attempt)).Message, StringComparison.Ordinal);
    }

    /// <summary>Starts a task whose port the test then serves in its place: before it runs, nobody may have the port.</summary>
    private async Task<(AttemptId Attempt, int Port)> Launch(HealthProbe probe)
    {
        var port = LoopbackPort.Free();
        var attempt = _node.Launch(
            Node.Shell("echo 1 >ready; exec sleep 1000") with
            {
                Ports = ["http"],
                Health = Fast with { InitialDelay = TimeSpan.FromSeconds(3), Probe = probe },
            },
            port);
        await _node.Number(attempt, "ready");
        return (attempt, port);
    }

    private async Task Serve(
        int port, Action<ListenOptions> listen, Action<WebApplication> map, Action<IServiceCollection>? add = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port, listen));
        add?.Invoke(builder.Services);
        _server = builder.Build();
        map(_server);
        await _server.StartAsync();
    }

    private sealed class FakeHealth : GrpcHealthV1.Health.HealthBase
    {
        public HealthCheckResponse.Types.ServingStatus Status { get; set; } = HealthCheckResponse.Types.ServingStatus.Serving;

        public string? Asked { get; private set; }

        public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
        {
            Asked = request.Service;
            return Task.FromResult(new HealthCheckResponse { Status = Status });
        }
    }
}
