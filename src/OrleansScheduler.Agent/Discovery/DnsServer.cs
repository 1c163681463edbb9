using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Listens for questions about services, over UDP and TCP, where <c>Agent:Dns:Listen</c> says so.</summary>
internal sealed partial class DnsServer(
    ServiceResolver resolver, AgentTelemetry telemetry, IOptions<AgentOptions> options, TimeProvider time, ILogger<DnsServer> logger)
    : BackgroundService
{
    private const int MostAtOnce = 256;
    private const int MostConnections = 64;
    private const int LongestQuestion = 4096;
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim _atOnce = new(MostAtOnce);
    private readonly SemaphoreSlim _connections = new(MostConnections);

    /// <summary>Where it listens; null while it does not.</summary>
    public IPEndPoint? Endpoint { get; private set; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _atOnce.Dispose();
        _connections.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IPEndPoint.TryParse(options.Value.Dns.Listen, out var wanted)) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(wanted, stoppingToken);
            }
            catch (SocketException e)
            {
                // Tasks do not end because somebody else has the port; once it is free we have it.
                LogNotListening(options.Value.Dns.Listen, e.Message);
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Listen(IPEndPoint wanted, CancellationToken stoppingToken)
    {
        using var packets = new Socket(wanted.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        packets.Bind(wanted);
        var bound = (IPEndPoint)packets.LocalEndPoint!;
        using var listener = new TcpListener(bound);
        listener.Start(MostConnections);
        Endpoint = bound;
        LogListening(bound);
        try
        {
            await Task.WhenAll(Packets(packets, stoppingToken), Connections(listener, stoppingToken));
        }
        finally
        {
            Endpoint = null;
        }
    }

    private async Task Packets(Socket socket, CancellationToken stoppingToken)
    {
        var buffer = new byte[LongestQuestion];
        var anybody = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, anybody, stoppingToken);

                // More than can be answered is lost, as on any full network; who asks asks again.
                if (!_atOnce.Wait(0, CancellationToken.None)) continue;
                _ = Reply(socket, buffer[..received.ReceivedBytes], received.RemoteEndPoint, stoppingToken);
            }
            catch (SocketException)
            {
                // Somebody did not want the last answer (ICMP), or sent more than fits.
                await Task.Delay(PauseAfterError, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task Reply(Socket socket, byte[] packet, EndPoint to, CancellationToken stoppingToken)
    {
        try
        {
            if (await Answer(packet, DnsAnswer.MostBytesUdp, stoppingToken) is { } answer)
                await socket.SendToAsync(answer, SocketFlags.None, to, stoppingToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody is there any more to be told.
        }
        finally
        {
            _atOnce.Release();
        }
    }

    private async Task Connections(TcpListener listener, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(stoppingToken);
                var client = await Accept(listener, stoppingToken);
                _ = Serve(client, stoppingToken);
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterError, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<TcpClient> Accept(TcpListener listener, CancellationToken stoppingToken)
    {
        try
        {
            return await listener.AcceptTcpClientAsync(stoppingToken);
        }
        catch
        {
            _connections.Release();
            throw;
        }
    }

    private async Task Serve(TcpClient client, CancellationToken stoppingToken)
    {
        try
        {
            using var connection = client;
            await using var stream = connection.GetStream();
            while (true)
            {
                using var idle = new CancellationTokenSource(IdleConnection, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, stoppingToken);
                var size = new byte[2];
                await stream.ReadExactlyAsync(size, either.Token);
                var length = BinaryPrimitives.ReadUInt16BigEndian(size);
                if (length > LongestQuestion) return;
                var packet = new byte[length];
                await stream.ReadExactlyAsync(packet, either.Token);
                if (await Answer(packet, DnsAnswer.MostBytesTcp, either.Token) is not { } answer) return;
                BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)answer.Length);
                await stream.WriteAsync((byte[])[.. size, .. answer], either.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It was closed, or said nothing for too long.
        }
        finally
        {
            _connections.Release();
        }
    }

    /// <summary>The answer to a packet; null when it deserves none.</summary>
    internal async Task<byte[]?> Answer(byte[] packet, int mostBytes, CancellationToken cancellationToken)
    {
        var question = DnsQuestion.Read(packet, out var refusal);
        if (question is null)
        {
            telemetry.NameAsked(refusal ?? DnsStatus.FormatError);
            return refusal is { } status ? DnsAnswer.WriteRefusal(packet, status) : null;
        }

        DnsAnswer answer;
        try
        {
            answer = await resolver.Answer(question, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e);
            answer = DnsAnswer.Of(DnsStatus.ServerFailure);
        }

        telemetry.NameAsked(answer.Status);
        return answer.Write(
            question, mostBytes, answer.Status == DnsStatus.Refused ? [] : [ServiceName.Zone], options.Value.Dns.Ttl);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent answers questions about services at {Endpoint}, UDP and TCP")]
    private partial void LogListening(IPEndPoint endpoint);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Agent cannot listen at {Listen} for questions about services; it tries again: {Reason}")]
    private partial void LogNotListening(string listen, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A question about a service could not be answered")]
    private partial void LogFailed(Exception exception);
}
