using OrleansScheduler.Chaos;

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
}
