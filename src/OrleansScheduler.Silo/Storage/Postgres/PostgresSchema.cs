using Npgsql;

namespace OrleansScheduler.Silo;

/// <summary>Makes a PostgreSQL database ready for grain state, membership and reminders (<c>osched silo --init-storage</c>).</summary>
public static class PostgresSchema
{
    /// <summary>The schema that this build makes.</summary>
    public const int Version = 1;

    /// <summary>Lets only one process at a time work on the schema of a database: "OSCH".</summary>
    private const long AdvisoryLock = 0x4F534348;

    /// <summary>
    /// Creates what is missing and brings the statements up to date, all of it or nothing. Doing it again, or in several processes at
    /// once, is safe.
    /// </summary>
    /// <param name="connectionString">An Npgsql connection string of a user that may create tables.</param>
    /// <param name="cancellationToken">Stops; nothing is changed then.</param>
    /// <exception cref="InvalidOperationException">A newer version made the schema.</exception>
    /// <exception cref="NpgsqlException">The database cannot be reached or refuses.</exception>
    public static async Task Apply(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Execute($"SELECT pg_advisory_xact_lock({AdvisoryLock})");
        await Execute("CREATE TABLE IF NOT EXISTS schedulerschema (version integer NOT NULL)");
        var found = await Execute("SELECT max(version) FROM schedulerschema") as int? ?? 0;
        if (found > Version)
        {
            throw new InvalidOperationException(
                $"A newer version made the schema of database {connection.Database} (version {found}, this build knows up to {Version}).");
        }

        await Execute(ReadScript());
        if (found < Version) await Execute($"DELETE FROM schedulerschema; INSERT INTO schedulerschema VALUES ({Version})");
        await transaction.CommitAsync(cancellationToken);

        async Task<object?> Execute(string statements)
        {
            await using var command = new NpgsqlCommand(statements, connection, transaction);
            return await command.ExecuteScalarAsync(cancellationToken);
        }
    }

    /// <summary>Checks that a silo of this build can use the database.</summary>
    /// <param name="connectionString">An Npgsql connection string.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidOperationException">The tables are missing, or of another version.</exception>
    /// <exception cref="NpgsqlException">The database cannot be reached or refuses.</exception>
    public static async Task Require(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var exists = new NpgsqlCommand("SELECT to_regclass('schedulerschema') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true) throw new InvalidOperationException(
            $"Database {connection.Database} has no tables of a cell: make them with osched silo --init-storage, or correct the "
            + "connection string.");
        await using var version = new NpgsqlCommand("SELECT max(version) FROM schedulerschema", connection);
        var found = await version.ExecuteScalarAsync(cancellationToken) as int? ?? 0;
        if (found != Version) throw new InvalidOperationException(
            $"The tables of database {connection.Database} have version {found}, and this build needs {Version}: "
            + (found < Version ? "bring them up to date with osched silo --init-storage." : "a newer version made them."));
    }

    private static string ReadScript()
    {
        using var script = new StreamReader(typeof(PostgresSchema).Assembly.GetManifestResourceStream("PostgresSchema.sql")!);
        return script.ReadToEnd();
    }
}
