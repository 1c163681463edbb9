using Grpc.Core;
using Grpc.Net.Client;
using OrleansScheduler.Contracts.Protocol;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Gateway.Tests;

/// <summary>An agent's end of the stream, driven by a test.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<FromAgent, ToAgent> _call;

    private FakeAgent(Uri gateway)
    {
        _channel = GrpcChannel.ForAddress(gateway);
        _call = new AgentGateway.AgentGatewayClient(_channel).Connect();
    }

    public static FakeAgent Connect(GatewayHost gateway) => new(gateway.AgentUrl);

    /// <summary>
    /// Connects, registers, and reads what a registration is answered with by the fake node: the receipt, then the command that came
    /// early.
    /// </summary>
    public static async Task<(FakeAgent Agent, Registered Registered)> Register(GatewayHost gateway, string node, params Report[] attempts)
    {
        var agent = Connect(gateway);
        var message = Registration(node);
        message.Attempts.AddRange(attempts);
        await agent.Send(new() { Register = message });
        var registered = (await agent.Read()).Registered;
        Assert.NotNull(registered);
        Assert.Equal(registered.Generation, (await agent.Read()).Commands.Generation);
        return (agent, registered);
    }

    public static Register Registration(string node)
    {
        var message = new Register
        {
            NodeId = node,
            Host = "127.0.0.1",
            Capacity = new() { CpuMillis = 4000, MemoryMib = 8192, DiskMib = 1000 },
            FirstPort = 31_000,
            PortCount = 1000,
            BootId = "boot",
            AgentVersion = "0.1.0",
        };
        message.Attributes.Add("rack", new AttributeValues { Values = { "r1" } });
        return message;
    }

    public static Report Report(string job, int instance, long sequence, Status status) => new()
    {
        Attempt = new() { Job = job, Instance = instance, Number = 1 },
        Sequence = sequence,
        Status = status,
        AtUnixMillis = 1_700_000_000_000,
    };

    public Task Report(Registered registered, Report report) =>
        Send(new() { Reports = new() { Generation = registered.Generation, Reports_ = { report } } });

    public Task Send(FromAgent message) => _call.RequestStream.WriteAsync(message);

    public async Task<ToAgent> Read()
    {
        Assert.True(await _call.ResponseStream.MoveNext(Deadline()), "the stream has ended");
        return _call.ResponseStream.Current;
    }

    /// <summary>Skips messages until one of a kind comes.</summary>
    public async Task<ToAgent> Read(ToAgent.BodyOneofCase kind)
    {
        while (true)
        {
            var message = await Read();
            if (message.BodyCase == kind) return message;
        }
    }

    /// <summary>Whether the stream ends, in whatever way.</summary>
    public async Task<StatusCode> End()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(Deadline()))
            {
            }

            return StatusCode.OK;
        }
        catch (RpcException exception) when (exception.StatusCode != StatusCode.Cancelled)
        {
            return exception.StatusCode;
        }
    }

    public Task Leave() => _call.RequestStream.CompleteAsync();

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _channel.ShutdownAsync();
        _channel.Dispose();
    }

    private static CancellationToken Deadline() => new CancellationTokenSource(TimeSpan.FromSeconds(15)).Token;
}
