using System.Globalization;

namespace OrleansScheduler.Silo.Tests;

/// <summary>A PostgreSQL server of its own for the tests of one class.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly PostgresServer _server = new();

    /// <summary>How to connect to it.</summary>
    public string ConnectionString => _server.ConnectionString;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => await _server.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Sends a signal to the server and to each process that serves a connection.</summary>
    internal async Task Send(Signal signal)
    {
        var server = _server.Process.Id;
        // The server itself first: then it starts no more of the others.
        OwnedProcess.Send(server, signal);
        var others = await File.ReadAllTextAsync($"/proc/{server}/task/{server}/children");
        foreach (var other in others.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            OwnedProcess.Send(int.Parse(other, CultureInfo.InvariantCulture), signal);
    }
}
