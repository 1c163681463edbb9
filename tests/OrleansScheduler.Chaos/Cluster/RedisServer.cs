using System.Net.Sockets;
using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>
/// A Redis server of its own on a free port, in a temporary directory. It writes every change to its file before it answers: less than
/// that loses what a cell was told is durable.
/// </summary>
internal sealed class RedisServer : IStoreServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("osched-redis-").FullName;
    private readonly string _address;
    private readonly ImmutableArray<string> _through;
    private readonly int _port = LoopbackPort.Free();
    private OwnedProcess? _server;

    /// <param name="address">Where it listens.</param>
    /// <param name="through">Command that the server is started through, such as one that enters a network namespace.</param>
    public RedisServer(string address = "127.0.0.1", ImmutableArray<string> through = default) =>
        (_address, _through) = (address, through.IsDefault ? [] : through);

    /// <summary>How to connect to it.</summary>
    public string ConnectionString => $"{_address}:{_port},abortConnect=false,connectTimeout=2000,syncTimeout=5000";

    /// <inheritdoc/>
    public bool NeedsTables => false;

    /// <inheritdoc/>
    public ImmutableDictionary<string, string> Profile =>
        StoreProfile.Of("Redis", ImmutableDictionary<string, string>.Empty.Add("ConnectionString", ConnectionString));

    /// <inheritdoc/>
    public OwnedProcess Process => _server ?? throw new InvalidOperationException("it was not started");

    /// <inheritdoc/>
    public async Task Start()
    {
        _server = OwnedProcess.Start(
            Path.Combine(_directory, "log"),
            [
                .. _through, "redis-server", "--port", $"{_port}", "--bind", _address, "--dir", _directory, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--protected-mode", "no", "--maxmemory-policy", "noeviction",
            ]);
        using var deadline = new CancellationTokenSource(Patience);
        while (!await Answers(deadline.Token))
        {
            if (_server.HasExited) throw new InvalidOperationException($"Redis ended: {File.ReadAllText(Path.Combine(_directory, "log"))}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
        }
    }

    /// <inheritdoc/>
    public async Task Stop()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> Answers(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(_address, _port, cancellationToken);
            await using var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), cancellationToken);
            var answer = new byte[16];
            var length = await stream.ReadAsync(answer, cancellationToken);
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("+PONG", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
