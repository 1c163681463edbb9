namespace OrleansScheduler.Silo;

/// <summary>One write or deletion that waits for its transaction.</summary>
/// <param name="grainId">Whose state.</param>
/// <param name="stateName">Which state of it.</param>
/// <param name="expected">The version it replaces; null when there must be none.</param>
/// <param name="payload">The new bytes; null to delete the row.</param>
internal sealed class SqliteChange(string grainId, string stateName, long? expected, byte[]? payload)
{
    private readonly TaskCompletionSource<SqliteOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whose state.</summary>
    public string GrainId => grainId;

    /// <summary>Which state of it.</summary>
    public string StateName => stateName;

    /// <summary>The version it replaces; null when there must be none.</summary>
    public long? Expected => expected;

    /// <summary>The new bytes; null to delete the row.</summary>
    public byte[]? Payload => payload;

    /// <summary>Completes once the transaction is durable, or fails when nothing of it is stored or nobody knows.</summary>
    public Task<SqliteOutcome> Outcome => _outcome.Task;

    /// <summary>The transaction is durable.</summary>
    public void Complete(SqliteOutcome outcome) => _outcome.TrySetResult(outcome);

    /// <summary>The transaction failed.</summary>
    public void Fail(Exception exception) => _outcome.TrySetException(exception);
}

/// <summary>What became of a change in a committed transaction.</summary>
/// <param name="Applied">Whether the row was as expected and is now changed.</param>
/// <param name="Version">The row's version now; null when there is no row.</param>
internal readonly record struct SqliteOutcome(bool Applied, long? Version);
