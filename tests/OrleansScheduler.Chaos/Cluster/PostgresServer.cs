using Npgsql;

namespace OrleansScheduler.Chaos;

/// <summary>A PostgreSQL server of its own on a free port, in a temporary directory.</summary>
internal sealed class PostgresServer : IStoreServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("osched-postgres-").FullName;
    private readonly string _address;
    private readonly ImmutableArray<string> _through;
    private readonly int _port = LoopbackPort.Free();
    private OwnedProcess? _server;

    /// <param name="address">Where it listens.</param>
    /// <param name="through">Command that the server is started through, such as one that enters a network namespace.</param>
    public PostgresServer(string address = "127.0.0.1", ImmutableArray<string> through = default) =>
        (_address, _through) = (address, through.IsDefault ? [] : through);

    /// <summary>How to connect to it.</summary>
    public string ConnectionString =>
        $"Host={_address};Port={_port};Username=postgres;Database=postgres;Timeout=5;Maximum Pool Size=20";

    /// <inheritdoc/>
    public bool NeedsTables => true;

    /// <inheritdoc/>
    public ImmutableDictionary<string, string> Profile => StoreProfile.Of(
        "AdoNet", ImmutableDictionary<string, string>.Empty.Add("Invariant", "Npgsql").Add("ConnectionString", ConnectionString));

    /// <inheritdoc/>
    public OwnedProcess Process => _server ?? throw new InvalidOperationException("it was not started");

    private string Data => Path.Combine(_directory, "data");

    /// <inheritdoc/>
    public async Task Start()
    {
        if (!Directory.Exists(Data))
        {
            if (Environment.IsPrivilegedProcess) await OwnedProcess.Run("chown", "postgres", _directory);
            await OwnedProcess.Run(
                [.. AsPostgres(), Tool("initdb"), "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_hba.conf"), "host all all 10.77.0.0/16 trust\n");
        }

        _server = OwnedProcess.Start(
            Path.Combine(_directory, "log"),
            [
                .. _through, .. AsPostgres(), Tool("postgres"), "-D", Data, "-p", $"{_port}", "-c", $"listen_addresses={_address}",
                "-c", $"unix_socket_directories={_directory}", "-c", "logging_collector=off", "-c", "max_connections=200",
            ]);
        await WaitUntilItAnswers();
    }

    /// <inheritdoc/>
    public async Task Stop()
    {
        if (_server is { HasExited: false })
            await OwnedProcess.Run([.. AsPostgres(), Tool("pg_ctl"), "-D", Data, "-m", "immediate", "stop"]);
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Stop();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task WaitUntilItAnswers()
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                // Not out of the pool: that may hold a connection to what an earlier server has left behind.
                await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
                await connection.OpenAsync(deadline.Token);
                return;
            }
            catch (NpgsqlException) when (!_server!.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
            }
            catch (NpgsqlException e)
            {
                throw new InvalidOperationException($"PostgreSQL ended: {File.ReadAllText(Path.Combine(_directory, "log"))}", e);
            }
        }
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static string[] AsPostgres() =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private static string Tool(string name)
    {
        const string Versions = "/usr/lib/postgresql";
        var installed = Directory.Exists(Versions) ? Directory.GetDirectories(Versions) : [];
        return installed.OrderDescending().Select(version => $"{version}/bin/{name}").FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"PostgreSQL's {name} is missing: run tests/run as root, or apt-get install postgresql");
    }
}
