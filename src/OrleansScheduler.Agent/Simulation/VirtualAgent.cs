using Grpc.Core;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Keeps a virtual node's session with a gateway: one stream, one read under way, and a write only when there is something to
/// say.</summary>
internal sealed class VirtualAgent
{
    private const int Idle = 0;
    private const int Sending = 1;
    private const int MoreToSend = 2;

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(15);

    private readonly VirtualNode _node;
    private readonly TimeProvider _time;
    private AsyncDuplexStreamingCall<Protocol.FromAgent, Protocol.ToAgent>? _call;
    private long _lastAnswer;
    private int _state;

    public VirtualAgent(VirtualNode node, TimeProvider time)
    {
        (_node, _time) = (node, time);
        node.Changed = Kick;
    }

    /// <summary>Whether the cell has taken its registration.</summary>
    public bool IsRegistered { get; private set; }

    /// <summary>One session from registering to its end. Answers why there cannot be another one; null when there can.</summary>
    /// <param name="gateway">Where to connect.</param>
    /// <param name="entry">Lets a bounded number of agents register at once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string?> Run(
        Protocol.AgentGateway.AgentGatewayClient gateway, SemaphoreSlim entry, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        AsyncDuplexStreamingCall<Protocol.FromAgent, Protocol.ToAgent>? call = null;
        try
        {
            // The stream is opened when it is this agent's turn: gateways give up on those who say nothing.
            await entry.WaitAsync(over.Token);
            Protocol.ToAgent? registered;
            try
            {
                call = gateway.Connect(cancellationToken: over.Token);
                registered = await Register(call, over.Token);
            }
            finally
            {
                entry.Release();
            }

            if (registered is null) return null;
            if (registered.Refused is { } refused) return refused.Retry ? null : refused.Message;
            if (registered.Registered is null) return "The gateway did not answer the registration.";
            _node.Begin(registered.Registered);
            _lastAnswer = _time.GetTimestamp();
            (_call, IsRegistered) = (call, true);
            Kick();
            return await Listen(call.ResponseStream, over.Token);
        }
        catch (Exception e) when (e is RpcException or TimeoutException or IOException or InvalidOperationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            _node.Leave();
            (_call, IsRegistered) = (null, false);
            await over.CancelAsync();
            call?.Dispose();
        }
    }

    private async Task<Protocol.ToAgent?> Register(
        AsyncDuplexStreamingCall<Protocol.FromAgent, Protocol.ToAgent> call, CancellationToken cancellationToken)
    {
        await call.RequestStream.WriteAsync(new() { Register = _node.Register() }, cancellationToken);
        return await call.ResponseStream.MoveNext(cancellationToken).WaitAsync(AnswerTime, _time, cancellationToken)
            ? call.ResponseStream.Current
            : null;
    }

    private async Task<string?> Listen(IAsyncStreamReader<Protocol.ToAgent> stream, CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken))
        {
            Interlocked.Exchange(ref _lastAnswer, _time.GetTimestamp());
            if (stream.Current.Refused is { } refused) return refused.Retry ? null : refused.Message;
            if (!_node.Hear(stream.Current)) return null;
        }

        return null;
    }

    /// <summary>Sends what there is to say, unless somebody does so already: then that one goes on.</summary>
    private void Kick()
    {
        if (_call is null || Interlocked.Exchange(ref _state, MoreToSend) != Idle) return;
        _ = Send();
    }

    private async Task Send()
    {
        do
        {
            Interlocked.Exchange(ref _state, Sending);
            try
            {
                while (_call is { } call && _node.Next() is { } message)
                {
                    if (_time.GetElapsedTime(Interlocked.Read(ref _lastAnswer)) > _node.Silence) call.Dispose();
                    await call.RequestStream.WriteAsync(message);
                }
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or OperationCanceledException)
            {
                // The stream has ended; whoever listens to it sees that too, and begins another one.
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Sending) != Sending);
    }
}
