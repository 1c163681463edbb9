using Grpc.Net.Client;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Thousands of agents that speak the real protocol to a real cell, for nodes and tasks that only exist in this process.</summary>
/// <remarks>They share connections and one timer; a node costs a few kilobytes, a task a hundred bytes.</remarks>
public sealed class VirtualAgents : IAsyncDisposable
{
    /// <summary>Most agents that register at the same time.</summary>
    private const int RegisteringAtOnce = 128;
    private const int LargestMessage = 64 * 1024 * 1024;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _entry = new(RegisteringAtOnce);
    private readonly TimeProvider _time;
    private readonly TimerWheel _wheel;
    private readonly VirtualTaskModel _model;
    private readonly GrpcChannel _channel;
    private readonly AgentGateway.AgentGatewayClient _gateway;
    private readonly List<VirtualNode> _nodes = [];
    private readonly List<VirtualAgent> _agents = [];
    private readonly List<Task> _running = [];

    /// <summary>Prepares agents; <see cref="Start"/> connects them.</summary>
    /// <param name="gateway">Where agents connect, such as <c>http://127.0.0.1:7071</c>.</param>
    /// <param name="jobs">Where what they see is written down.</param>
    /// <param name="model">How tasks fare.</param>
    /// <param name="time">The clock.</param>
    public VirtualAgents(Uri gateway, SimulatedJobs jobs, VirtualTaskModel model, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        (Jobs, _model, _time, _wheel) = (jobs, model, time, new(time));
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // A server lets a bounded number of streams share a connection; the others get one more.
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        };
        _channel = GrpcChannel.ForAddress(gateway, new()
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestMessage,
            MaxSendMessageSize = LargestMessage,
        });
        _gateway = new(_channel);
    }

    /// <summary>What they see.</summary>
    public SimulatedJobs Jobs { get; }

    /// <summary>Agents whose registration the cell has taken.</summary>
    public int Registered => _agents.Count(agent => agent.IsRegistered);

    /// <summary>Why the cell refused an agent for good; null when it refused none.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Connects an agent for every node; they stay until they are disposed of.</summary>
    public void Start(IEnumerable<NodeDescription> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        if (_running.Count == 0) _running.Add(_wheel.Run(_stop.Token));
        foreach (var description in nodes)
        {
            var node = new VirtualNode(_nodes.Count, description, Jobs, _model, _wheel, _time);
            var agent = new VirtualAgent(node, _time);
            _nodes.Add(node);
            _agents.Add(agent);
            _running.Add(Keep(agent, _nodes.Count));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Task.WhenAll(_running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
        _entry.Dispose();
        _stop.Dispose();
    }

    private async Task Keep(VirtualAgent agent, int seed)
    {
        await Task.Yield();
        var random = new Random(seed);
        while (!_stop.IsCancellationRequested)
        {
            if (await agent.Run(_gateway, _entry, _stop.Token) is { } refusal)
            {
                Refusal ??= refusal;
                return;
            }

            await Task.Delay(ReconnectDelay * random.NextDouble(), _time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
