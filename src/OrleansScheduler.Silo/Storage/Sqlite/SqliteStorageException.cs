using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>The embedded store could not do what was asked: says what is wrong with the file and what helps.</summary>
[GenerateSerializer, Alias("osched.SqliteStorageException")]
internal sealed class SqliteStorageException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public SqliteStorageException(string message) : base(message)
    {
    }

    /// <summary>Says what is wrong and what led there.</summary>
    public SqliteStorageException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public SqliteStorageException()
    {
    }

    /// <summary>Words an error of the library for people.</summary>
    /// <param name="exception">The library's error.</param>
    /// <param name="file">The database file.</param>
    public static SqliteStorageException From(SqliteException exception, string file) => new($"{file}: {Explain(exception)}", exception);

    private static string Explain(SqliteException exception) => exception.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_FULL => "the disk is full; nothing of this write is stored, later writes work once there is space",
        SQLitePCL.raw.SQLITE_IOERR => "the disk reports an input/output error; check the disk and its mount",
        SQLitePCL.raw.SQLITE_CORRUPT => "the file is damaged; restore it from a backup",
        SQLitePCL.raw.SQLITE_NOTADB => "the file is not an SQLite database; move it away or name another file",
        SQLitePCL.raw.SQLITE_READONLY => "the file or its directory cannot be written; check owner and mode",
        SQLitePCL.raw.SQLITE_CANTOPEN => "the file cannot be opened; check that its directory exists and can be written",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "another process holds the file; only one silo may use it",
        _ => exception.Message,
    };
}
