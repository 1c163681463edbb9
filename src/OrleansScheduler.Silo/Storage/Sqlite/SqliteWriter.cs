using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace OrleansScheduler.Silo;

/// <summary>
/// The one writer of the file. All changes that wait go into one transaction, so that one sync of the disk serves everybody who came
/// before it began. A change whose version does not fit is left out of it and told so; the others commit.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>Pages that a transaction adds to the log beside those of its changes, roughly: the counter's and of indexes.</summary>
    private const int PagesOfTransaction = 3;
    private const int PageSize = 4096;

    private readonly SqliteDatabase _database;
    private readonly SqliteCheckpointer _checkpointer;
    private readonly TimeProvider _time;
    private readonly int _maxBatch;
    private readonly Channel<SqliteChange> _waiting;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteWriteStatements? _statements;

    /// <summary>Starts the writer.</summary>
    public SqliteWriter(SqliteDatabase database, SqliteStorageOptions options, TimeProvider time)
    {
        _database = database;
        _checkpointer = new SqliteCheckpointer(database, options);
        _time = time;
        _maxBatch = options.MaxWritesPerTransaction;
        _waiting = Channel.CreateBounded<SqliteChange>(new BoundedChannelOptions(options.MaxWaitingWrites) { SingleReader = true });

        // A thread of its own: a commit blocks for as long as the disk takes, and the pool's threads are few on small machines.
        new Thread(Run) { IsBackground = true, Name = "sqlite-writer" }.Start();
    }

    /// <summary>Waits to be let in, then for the transaction.</summary>
    /// <exception cref="SqliteStorageException">The transaction failed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed; nothing is stored.</exception>
    public async Task<SqliteOutcome> Apply(SqliteChange change, CancellationToken cancellationToken)
    {
        try
        {
            await _waiting.Writer.WriteAsync(change, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteGrainStorage), "the store is closed");
        }

        return await change.Outcome.ConfigureAwait(false);
    }

    /// <summary>Commits what waits, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopped.Task;
        _checkpointer.Dispose();
    }

    private void Run()
    {
        var batch = new List<SqliteChange>(_maxBatch);
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            Take(batch);
            Commit(batch);
            batch.Clear();
        }

        Close();
        _stopped.SetResult();
    }

    private void Take(List<SqliteChange> batch)
    {
        while (batch.Count < _maxBatch && _waiting.Reader.TryRead(out var change)) batch.Add(change);
    }

    private void Commit(List<SqliteChange> batch)
    {
        List<SqliteOutcome> outcomes;
        try
        {
            _statements ??= new SqliteWriteStatements(_database.OpenForWriting());
            outcomes = _statements.Apply(batch, Take, _time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (Exception exception)
        {
            // Closing the connection undoes the transaction; the next batch starts on a fresh one.
            Close();
            var failure = exception is SqliteException sqlite ? SqliteStorageException.From(sqlite, _database.File) : exception;
            foreach (var change in batch) change.Fail(failure);
            return;
        }

        for (var i = 0; i < outcomes.Count; i++) batch[i].Complete(outcomes[i]);
        _checkpointer.Added(PagesOfTransaction + batch.Sum(static change => 1 + ((change.Payload?.Length ?? 0) / PageSize)));
        if (_checkpointer.IsTooLong) Checkpoint(_statements.Connection);
    }

    private void Checkpoint(SqliteConnection connection)
    {
        try
        {
            _checkpointer.Finish(connection);
        }
        catch (SqliteException)
        {
            // All that was written is in the log. The next transaction finds out what is wrong with the disk, and says so.
        }
    }

    private void Close()
    {
        try
        {
            _statements?.Dispose();
        }
        catch (SqliteException)
        {
            // The disk that failed the transaction may fail the farewell too; the connection is given up either way.
        }

        _statements = null;
    }
}
