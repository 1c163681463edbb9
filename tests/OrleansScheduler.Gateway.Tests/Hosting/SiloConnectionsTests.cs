using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansScheduler.Gateway.Tests;

public sealed class SiloConnectionsTests
{
    [Fact]
    public async Task A_connection_carries_bytes_and_gives_up_what_nobody_acknowledges()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var connections = new SiloConnections(NullLoggerFactory.Instance);
        await using var connection = await connections.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);

        await connection.Transport.Output.WriteAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
        var received = new byte[5];
        await using var stream = new NetworkStream(accepted);
        await stream.ReadExactlyAsync(received, TestContext.Current.CancellationToken);
        Assert.Equal("hello"u8, received);

        if (!OperatingSystem.IsLinux()) return;
        var timeout = new byte[sizeof(int)];
        connection.Features.Get<IConnectionSocketFeature>()!.Socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, 18, timeout);
        Assert.Equal(4000, BitConverter.ToInt32(timeout));
    }

    [Fact]
    public async Task A_silo_that_is_not_there_is_an_error_of_sockets()
    {
        using var connections = new SiloConnections(NullLoggerFactory.Instance);
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var nobody = free.LocalEndpoint;
        free.Stop();

        await Assert.ThrowsAnyAsync<SocketException>(
            async () => await connections.ConnectAsync(nobody, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Gateways_that_are_clients_of_a_cluster_connect_by_it()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());

        builder.AddSchedulerClusterClient();

        var factories = builder.Services.Where(s => s.ServiceType == typeof(IConnectionFactory) && s.IsKeyedService).ToList();
        Assert.NotEmpty(factories);
        Assert.All(factories, factory => Assert.Equal(typeof(SiloConnections), factory.KeyedImplementationType));
    }
}
