using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>
/// Copies the write-ahead log back into the database while the writer goes on: whoever commits does not wait for that. Only a log that
/// grows all the time, so that its end is never reached, the writer itself has to come to the end of (<see cref="IsTooLong"/>).
/// </summary>
/// <remarks>A log whose end was reached is written from its beginning again (sqlite.org/wal.html, "checkpointing").</remarks>
internal sealed class SqliteCheckpointer : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly long _pages;
    private readonly long _most;
    private readonly SemaphoreSlim _wanted = new(0);
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly Lock _oneCopies = new();
    private long _added;
    private long _length;
    private long _copied;
    private bool _copying;
    private bool _closed;

    /// <summary>Starts its thread.</summary>
    public SqliteCheckpointer(SqliteDatabase database, SqliteStorageOptions options)
    {
        (_database, _pages, _most) = (database, Math.Min(options.CheckpointPages, options.MaxLogPages), options.MaxLogPages);
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite-checkpoint" };
        _thread.Start();
    }

    /// <summary>
    /// Whether the writer is to call <see cref="Finish"/> before it goes on. Not at every commit while somebody reads, who keeps the log
    /// from beginning anew.
    /// </summary>
    public bool IsTooLong
    {
        get
        {
            lock (_gate) return _length > _most && _length - _copied >= _pages;
        }
    }

    /// <summary>The writer has added so many pages to the log.</summary>
    public void Added(long pages)
    {
        lock (_gate)
        {
            _added += pages;
            _length += pages;
            if (_copying || _length - _copied < _pages || _length > _most) return;
            _copying = true;
        }

        _wanted.Release();
    }

    /// <summary>
    /// Copies what is left, by the writer's own connection, so that nothing is added meanwhile. A copy that is under way is waited for:
    /// else the log would have no bound while the disk or the processor is slow.
    /// </summary>
    public void Finish(SqliteConnection writer) => Copy(writer, isWriter: true);

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate) _closed = true;
        _wanted.Release();
        _thread.Join();
        _wanted.Dispose();
    }

    private void Run()
    {
        SqliteConnection? connection = null;
        while (true)
        {
            _wanted.Wait();
            lock (_gate)
            {
                if (_closed) break;
            }

            try
            {
                connection ??= _database.OpenForCheckpoints();
                Copy(connection, isWriter: false);
            }
            catch (SqliteException)
            {
                // What was not copied is still in the log; it is tried again when more has come. A disk that fails fails the writer too.
                connection?.Dispose();
                connection = null;
            }
            finally
            {
                lock (_gate) _copying = false;
            }
        }

        connection?.Dispose();
    }

    /// <summary>Copies what was there when it began, as far as nobody still reads it.</summary>
    private void Copy(SqliteConnection connection, bool isWriter)
    {
        lock (_oneCopies) CopyAlone(connection, isWriter);
    }

    private void CopyAlone(SqliteConnection connection, bool isWriter)
    {
        long before;
        lock (_gate) before = _added;
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        using var row = command.ExecuteReader();

        // Somebody else, such as a program that looks into the file, may do the same just now.
        if (!row.Read() || row.GetInt64(0) != 0) return;
        var (length, copied) = (row.GetInt64(1), row.GetInt64(2));
        lock (_gate)
        {
            // A log that is copied to its end begins anew with the next transaction. Only the writer knows that none has begun before that:
            // one that has goes on behind the end, and so may all that follow. Else the next copy says how long the log is.
            var beginsAnew = isWriter && copied >= length;
            (_length, _copied) = beginsAnew ? (0, 0) : (length + _added - before, copied);
        }
    }
}
