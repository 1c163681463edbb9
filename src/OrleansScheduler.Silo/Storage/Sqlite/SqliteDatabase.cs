using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>The database file: opens connections to it and knows its schema.</summary>
/// <remarks>
/// A row's version comes from one counter of the whole file, so that an ETag never comes back: a writer that still holds the ETag of a
/// deleted row cannot overwrite the row that took its place. That is why deleted rows need no tombstones.
/// </remarks>
internal sealed class SqliteDatabase(SqliteStorageOptions options)
{
    /// <summary>The schema that this build reads and writes (<c>PRAGMA user_version</c>).</summary>
    public const int SchemaVersion = 1;

    /// <summary>Marks a file as ours (<c>PRAGMA application_id</c>): "OSCH".</summary>
    private const int ApplicationId = 0x4F534348;

    // Payloads are large, so rows live in a plain table with an index beside it: WITHOUT ROWID is for rows far smaller than a page.
    private static readonly string CreateSchema = $"""
        CREATE TABLE grain_state (
            grain_id   TEXT    NOT NULL,
            state_name TEXT    NOT NULL,
            version    INTEGER NOT NULL,
            payload    BLOB    NOT NULL,
            modified   INTEGER NOT NULL,
            PRIMARY KEY (grain_id, state_name)
        ) STRICT;
        CREATE TABLE version_counter (last INTEGER NOT NULL) STRICT;
        INSERT INTO version_counter (last) VALUES (0);
        PRAGMA application_id = {ApplicationId};
        PRAGMA user_version = {SchemaVersion};
        """;

    /// <summary>The file's full path.</summary>
    public string File { get; } = Path.GetFullPath(options.DataSource);

    /// <summary>Creates the file and its schema when there are none, and refuses a file that this build cannot use.</summary>
    /// <exception cref="SqliteStorageException">The file is damaged, not ours, or written by a newer version.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            using var connection = OpenForWriting();
            using var transaction = connection.BeginTransaction();
            if (IsEmpty(connection)) Execute(connection, CreateSchema);
            else RequireOurSchema(connection);
            transaction.Commit();
        }
        catch (SqliteException exception)
        {
            throw SqliteStorageException.From(exception, File);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SqliteStorageException($"{File}: its directory cannot be created: {exception.Message}", exception);
        }
    }

    /// <summary>Opens the connection that writes: the write-ahead log, synced at every commit.</summary>
    public SqliteConnection OpenForWriting()
    {
        var connection = Open(SqliteOpenMode.ReadWriteCreate);
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;");

        // Not whenever a commit makes the log long: its caller would wait.
        Execute(connection, "PRAGMA wal_autocheckpoint=0;");
        return connection;
    }

    /// <summary>Opens the connection that copies the log into the database.</summary>
    public SqliteConnection OpenForCheckpoints()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        Execute(connection, "PRAGMA synchronous=FULL;");
        return connection;
    }

    /// <summary>Opens a connection that only reads.</summary>
    public SqliteConnection OpenForReading()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        Execute(connection, "PRAGMA query_only=ON;");
        return connection;
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = File, Mode = mode, Pooling = false };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            Execute(connection, $"PRAGMA busy_timeout={(int)options.BusyTimeout.TotalMilliseconds};");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void RequireOurSchema(SqliteConnection connection)
    {
        if (Scalar(connection, "PRAGMA application_id") != ApplicationId)
            throw new SqliteStorageException($"{File}: this is a database of another program; name another file");

        var version = Scalar(connection, "PRAGMA user_version");
        if (version > SchemaVersion)
        {
            throw new SqliteStorageException(
                $"{File}: written by a newer version (schema {version}, this build reads up to {SchemaVersion}); start that one again");
        }
    }

    private static bool IsEmpty(SqliteConnection connection) => Scalar(connection, "SELECT count(*) FROM sqlite_schema") == 0;

    private static long Scalar(SqliteConnection connection, string query)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string statements)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }
}
