using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class SiloListenersTests
{
    [Fact]
    public async Task A_gateway_that_acknowledges_nothing_is_given_up()
    {
        var listeners = new SiloListeners(NullLoggerFactory.Instance);
        await using var listener = await listeners.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), TestContext.Current.CancellationToken);
        using var gateway = new TcpClient();
        await gateway.ConnectAsync((IPEndPoint)listener.EndPoint, TestContext.Current.CancellationToken);
        await using var connection = await listener.AcceptAsync(TestContext.Current.CancellationToken);

        await gateway.GetStream().WriteAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
        var received = await connection!.Transport.Input.ReadAtLeastAsync(5, TestContext.Current.CancellationToken);
        Assert.Equal("hello"u8, received.Buffer.FirstSpan);

        if (!OperatingSystem.IsLinux()) return;
        var timeout = new byte[sizeof(int)];
        connection.Features.Get<IConnectionSocketFeature>()!.Socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, 18, timeout);
        Assert.Equal((int)CellSocket.Unacknowledged.TotalMilliseconds, BitConverter.ToInt32(timeout));
    }

    [Fact]
    public void Silos_listen_by_it()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration["Cell:StateDirectory"] = "state";

        builder.AddSchedulerSilo();

        var factories = builder.Services.Where(s => s.ServiceType == typeof(IConnectionListenerFactory) && s.IsKeyedService).ToList();
        Assert.Equal(2, factories.Count);
        Assert.All(factories, factory => Assert.Equal(typeof(SiloListeners), factory.KeyedImplementationType));
    }
}
