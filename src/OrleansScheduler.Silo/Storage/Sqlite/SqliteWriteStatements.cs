using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>The writer's connection with its prepared statements.</summary>
internal sealed class SqliteWriteStatements : IDisposable
{
    private const string OneRow = "grain_id = $grain AND state_name = $state";

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _versions;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _select;

    /// <summary>Prepares the statements on <paramref name="connection"/>, which it owns from now on.</summary>
    public SqliteWriteStatements(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _versions = Prepare("UPDATE version_counter SET last = last + $count RETURNING last", "$count");
        _insert = Prepare(
            """
            INSERT INTO grain_state (grain_id, state_name, version, payload, modified) VALUES ($grain, $state, $version, $payload, $now)
            ON CONFLICT DO NOTHING
            """,
            "$grain", "$state", "$version", "$payload", "$now");
        _update = Prepare(
            $"UPDATE grain_state SET version = $version, payload = $payload, modified = $now WHERE {OneRow} AND version = $expected",
            "$grain", "$state", "$version", "$payload", "$now", "$expected");
        _delete = Prepare($"DELETE FROM grain_state WHERE {OneRow} AND version = $expected", "$grain", "$state", "$expected");
        _select = Prepare($"SELECT version FROM grain_state WHERE {OneRow}", "$grain", "$state");
    }

    /// <summary>Applies changes in one transaction, each only if its row is as expected.</summary>
    /// <param name="changes">The changes in order, and all that went into the transaction afterwards.</param>
    /// <param name="late">
    /// Adds what has come meanwhile: asked again until it adds nothing, so that what comes while others are applied is synced with them.
    /// </param>
    /// <param name="now">Milliseconds since 1970, kept with the rows for people who look into the file.</param>
    /// <returns>What became of each, in order.</returns>
    public List<SqliteOutcome> Apply(List<SqliteChange> changes, Action<List<SqliteChange>> late, long now)
    {
        var outcomes = new List<SqliteOutcome>(changes.Count);
        _begin.ExecuteNonQuery();
        while (outcomes.Count < changes.Count)
        {
            var count = changes.Count - outcomes.Count;
            _versions.Parameters[0].Value = count;
            var last = (long)_versions.ExecuteScalar()!;
            while (outcomes.Count < changes.Count)
                outcomes.Add(Apply(changes[outcomes.Count], last - (changes.Count - outcomes.Count) + 1, now));
            late(changes);
        }

        _commit.ExecuteNonQuery();
        return outcomes;
    }

    /// <summary>The connection, between two transactions.</summary>
    public SqliteConnection Connection => _connection;

    /// <summary>Closes the connection; an open transaction is undone.</summary>
    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_begin, _commit, _versions, _insert, _update, _delete, _select]) command.Dispose();
        _connection.Dispose();
    }

    private SqliteOutcome Apply(SqliteChange change, long version, long now)
    {
        var applied = (change.Payload, change.Expected) switch
        {
            ({ } payload, null) => Run(_insert, change.GrainId, change.StateName, version, payload, now),
            ({ } payload, { } expected) => Run(_update, change.GrainId, change.StateName, version, payload, now, expected),
            (null, { } expected) => Run(_delete, change.GrainId, change.StateName, expected),
            (null, null) => false,
        };
        if (applied) return new(true, change.Payload is null ? null : version);

        Bind(_select, change.GrainId, change.StateName);
        var stored = (long?)_select.ExecuteScalar();

        // Deleting what is not there, and was not expected to be, is done already.
        return new(change is { Payload: null, Expected: null } && stored is null, stored);
    }

    private static bool Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        return command.ExecuteNonQuery() == 1;
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
    }

    private SqliteCommand Prepare(string text, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}
