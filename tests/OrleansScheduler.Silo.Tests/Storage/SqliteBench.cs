using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

/// <summary>An embedded store in a file of its own.</summary>
internal sealed class SqliteBench : IAsyncDisposable
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private readonly TemporaryDirectory _directory = new();

    public SqliteBench() => File = _directory.File("state/cell.db");

    public string File { get; }

    public SqliteGrainStorage? Storage { get; private set; }

    public SqliteGrainStorage Open(Action<SqliteStorageOptions>? configure = null)
    {
        var serializer = new OrleansGrainStorageSerializer(JournalBench.Serializer);
        var options = new SqliteStorageOptions { DataSource = File, GrainStorageSerializer = serializer };
        configure?.Invoke(options);
        Storage = new SqliteGrainStorage(
            "Default",
            options,
            Services.GetRequiredService<IActivatorProvider>(),
            TimeProvider.System,
            NullLogger<SqliteGrainStorage>.Instance);
        Storage.Open();
        return Storage;
    }

    public async Task<SqliteGrainStorage> Reopen()
    {
        await Storage!.DisposeAsync();
        return Open();
    }

    /// <summary>Runs statements on the file from outside.</summary>
    public long Execute(string statements)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        return command.ExecuteScalar() is long value ? value : 0;
    }

    /// <summary>Changes the bytes of a state from outside.</summary>
    public void Tamper(string stateName, Func<byte[], byte[]> change)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT payload FROM grain_state WHERE state_name = $name";
        command.Parameters.AddWithValue("$name", stateName);
        command.Parameters.AddWithValue("$payload", change((byte[])command.ExecuteScalar()!));
        command.CommandText = "UPDATE grain_state SET payload = $payload WHERE state_name = $name";
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    public async ValueTask DisposeAsync()
    {
        if (Storage is { } storage) await storage.DisposeAsync();
        _directory.Dispose();
    }
}
