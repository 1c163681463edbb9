using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>
/// Reads rows on a few connections, each with its prepared statement; in the write-ahead log mode readers and the writer do not wait
/// for each other.
/// </summary>
internal sealed class SqliteReaders(SqliteDatabase database, SqliteStorageOptions options) : IAsyncDisposable
{
    private readonly ConcurrentBag<Reader> _idle = [];
    private readonly SemaphoreSlim _slots = new(options.MaxReaders);
    private volatile bool _closed;

    /// <summary>The row as it was last committed; null when there is none.</summary>
    /// <exception cref="SqliteStorageException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The connections are closed.</exception>
    public async Task<SqliteRow?> Read(string grainId, string stateName, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return await Task.Run(() => ReadNow(grainId, stateName), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Lets the reads that are under way end, refuses those that come later, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        for (var slot = 0; slot < options.MaxReaders; slot++) await _slots.WaitAsync().ConfigureAwait(false);
        while (_idle.TryTake(out var reader)) reader.Dispose();
        _slots.Release(options.MaxReaders);
    }

    private SqliteRow? ReadNow(string grainId, string stateName)
    {
        Reader? reader = null;
        try
        {
            if (!_idle.TryTake(out reader)) reader = new Reader(database.OpenForReading());
            var row = reader.Read(grainId, stateName);
            _idle.Add(reader);
            return row;
        }
        catch (SqliteException exception)
        {
            reader?.Dispose();
            throw SqliteStorageException.From(exception, database.File);
        }
    }

    private sealed class Reader : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _select;
        private readonly SqliteParameter _grainId;
        private readonly SqliteParameter _stateName;

        public Reader(SqliteConnection connection)
        {
            _connection = connection;
            _select = connection.CreateCommand();
            _select.CommandText = "SELECT version, payload FROM grain_state WHERE grain_id = $grain AND state_name = $state";
            _grainId = _select.Parameters.Add("$grain", SqliteType.Text);
            _stateName = _select.Parameters.Add("$state", SqliteType.Text);
            _select.Prepare();
        }

        public SqliteRow? Read(string grainId, string stateName)
        {
            _grainId.Value = grainId;
            _stateName.Value = stateName;
            using var rows = _select.ExecuteReader();
            return rows.Read() ? new(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)) : null;
        }

        public void Dispose()
        {
            _select.Dispose();
            _connection.Dispose();
        }
    }
}

/// <summary>One stored state.</summary>
/// <param name="Version">Its version, the ETag.</param>
/// <param name="Payload">The state's bytes.</param>
internal sealed record SqliteRow(long Version, byte[] Payload);
