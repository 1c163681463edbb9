using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrleansScheduler.Silo.Tests;

/// <summary>A PostgreSQL server of its own on a free loopback port, in a temporary directory, for the tests of one class.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-postgres-").FullName;
    private readonly int _port = FreePort();
    private Process? _server;

    /// <summary>How to connect to it.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Timeout=5;Maximum Pool Size=20";

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var data = Path.Combine(_directory, "data");
        if (Environment.IsPrivilegedProcess) await Run("chown", ["postgres", _directory]);
        await Run([Tool("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        _server = Start(
        [
            Tool("postgres"), "-D", data, "-p", $"{_port}",
            "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_directory}", "-c", "logging_collector=off",
        ]);
        await WaitUntilItAnswers();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_server is { HasExited: false } server)
        {
            await Run([Tool("pg_ctl"), "-D", Path.Combine(_directory, "data"), "-m", "immediate", "stop"]);
            await server.WaitForExitAsync();
        }

        _server?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task WaitUntilItAnswers()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString);
                await connection.OpenAsync(deadline.Token);
                return;
            }
            catch (NpgsqlException) when (!_server!.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
            }
        }
    }

    private static string Tool(string name)
    {
        const string Versions = "/usr/lib/postgresql";
        var installed = Directory.Exists(Versions) ? Directory.GetDirectories(Versions) : [];
        return installed.OrderDescending().Select(version => $"{version}/bin/{name}").FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"PostgreSQL's {name} is missing: run tests/run as root, or apt-get install postgresql");
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static Process Start(string[] command)
    {
        string[] asPostgres = Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            : [];
        string[] all = [.. asPostgres, .. command];
        var info = new ProcessStartInfo(all[0], all[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.ErrorDataReceived += (_, line) => TestContext.Current.SendDiagnosticMessage(line.Data ?? "");
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task Run(string[] command)
    {
        using var process = Start(command);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task Run(string program, string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
