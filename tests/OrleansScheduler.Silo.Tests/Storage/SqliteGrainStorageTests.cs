using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

public sealed class SqliteGrainStorageTests : IAsyncLifetime
{
    private static readonly GrainId Web = GrainId.Create("job", "shop/prod/web");

    private readonly SqliteBench _bench = new();
    private SqliteGrainStorage _storage = null!;

    public ValueTask InitializeAsync()
    {
        _storage = _bench.Open();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task What_was_written_is_read_back_after_the_store_was_closed()
    {
        var written = await Write("a");
        _storage = await _bench.Reopen();

        var read = await Read();

        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal("a", await ReadText());
    }

    [Fact]
    public async Task What_was_never_written_does_not_exist()
    {
        var read = await Read();

        Assert.False(read.RecordExists);
        Assert.Null(read.ETag);
        Assert.NotNull(read.State);
    }

    [Fact]
    public async Task Creating_what_exists_is_refused()
    {
        await Write("a");

        await Assert.ThrowsAsync<InconsistentStateException>(() => Write("b"));

        Assert.Equal("a", await ReadText());
    }

    [Fact]
    public async Task A_stale_writer_is_refused_and_changes_nothing()
    {
        var stale = await Write("a");
        var fresh = await Read();
        await Write("b", fresh.ETag);

        var conflict = await Assert.ThrowsAsync<InconsistentStateException>(() => Write("c", stale.ETag));

        Assert.Equal(stale.ETag, conflict.CurrentEtag);
        Assert.Equal("b", await ReadText());
    }

    [Fact]
    public async Task A_deleted_row_is_gone_and_its_etag_never_comes_back()
    {
        var old = await Write("a");
        await _storage.ClearStateAsync("head", Web, await Read());
        Assert.False((await Read()).RecordExists);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Write("stale", old.ETag));

        var again = await Write("b");

        Assert.NotEqual(old.ETag, again.ETag);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Write("stale", old.ETag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("head", Web, old));
    }

    [Fact]
    public async Task Of_many_concurrent_creators_exactly_one_wins_and_the_other_rows_of_the_batch_commit()
    {
        var creators = Enumerable.Range(0, 50).Select(i => Try(() => Write($"{i}"))).ToArray();
        var others =
            Enumerable.Range(0, 50).Select(i => Try(() => Write($"{i}", grain: GrainId.Create("job", $"shop/prod/{i}")))).ToArray();

        Assert.Single(await Task.WhenAll(creators), won => won);
        Assert.All(await Task.WhenAll(others), Assert.True);
    }

    [Fact]
    public async Task What_comes_while_others_are_written_is_written_with_them_and_each_is_told_what_became_of_it()
    {
        await _storage.DisposeAsync();
        var later = new Queue<SqliteChange[]>([[Change("b"), Change("a")], [Change("c")]]);
        using (var statements = new SqliteWriteStatements(new SqliteDatabase(new() { DataSource = _bench.File }).OpenForWriting()))
        {
            var changes = new List<SqliteChange> { Change("a") };
            var outcomes = statements.Apply(changes, late: all => all.AddRange(later.TryDequeue(out var more) ? more : []), now: 0);

            // The second one of "a" expects no row, and there is one by then.
            Assert.Equal(["a", "b", "a", "c"], changes.Select(change => change.GrainId));
            Assert.Equal([true, true, false, true], outcomes.Select(outcome => outcome.Applied));
            Assert.Equal(outcomes[0].Version, outcomes[2].Version);
            Assert.Equal(3, outcomes.Select(outcome => outcome.Version).Distinct().Count());
        }

        _storage = _bench.Open();
        Assert.Equal(3, _bench.Execute("SELECT count(*) FROM grain_state"));

        static SqliteChange Change(string grain) => new(grain, "s", expected: null, [1]);
    }

    [Theory]
    [InlineData(20, 100)]
    [InlineData(100, 100)]
    public async Task The_log_does_not_grow_however_much_is_written(int checkpointPages, int maxLogPages)
    {
        const int Row = 8192;
        await _storage.DisposeAsync();
        _storage = _bench.Open(options => (options.CheckpointPages, options.MaxLogPages) = (checkpointPages, maxLogPages));
        for (var i = 0; i < 500; i++) await Write(new string('x', Row), grain: GrainId.Create("job", $"shop/prod/{i}"));

        Assert.InRange(new FileInfo(_bench.File + "-wal").Length, 0, 250 * Row);
        Assert.Equal(500, _bench.Execute("SELECT count(*) FROM grain_state"));
    }

    [Fact]
    public async Task A_full_disk_fails_the_write_clearly_and_later_writes_work_once_there_is_space()
    {
        var first = await Write("a");
        var pages = _bench.Execute("PRAGMA page_count");
        await _storage.DisposeAsync();
        using (var limited = LimitedDatabase(pages + 4))
        {
            var change = new SqliteChange("g", "s", expected: null, new byte[1024 * 1024]);
            var failure = Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() => limited.Apply([change], late: _ => { }, now: 0));
            Assert.Contains("full", SqliteStorageException.From(failure, _bench.File).Message, StringComparison.Ordinal);
        }

        _storage = _bench.Open();
        Assert.Equal(1, _bench.Execute("SELECT count(*) FROM grain_state"));
        await Write("b", first.ETag);
        Assert.Equal("b", await ReadText());
    }

    [Fact]
    public async Task A_file_that_another_process_holds_fails_the_write_clearly_and_works_afterwards()
    {
        await _storage.DisposeAsync();
        _storage = _bench.Open(options => options.BusyTimeout = TimeSpan.FromMilliseconds(50));
        await Write("a");
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_bench.File};Pooling=False"))
        {
            other.Open();
            using var transaction = other.BeginTransaction(deferred: false);
            var failure = await Assert.ThrowsAsync<SqliteStorageException>(() => Write("b", grain: GrainId.Create("job", "other")));
            Assert.Contains("another process", failure.Message, StringComparison.Ordinal);
        }

        await Write("b", grain: GrainId.Create("job", "other"));
    }

    [Fact]
    public async Task A_state_that_is_too_big_is_refused_with_its_size()
    {
        await _storage.DisposeAsync();
        _storage = _bench.Open(options => options.MaxPayloadBytes = 100);

        var failure = await Assert.ThrowsAsync<SqliteStorageException>(() => Write(new string('x', 200)));

        Assert.Contains("at most 100", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused()
    {
        await _storage.DisposeAsync();
        _bench.Execute($"PRAGMA user_version = {SqliteDatabase.SchemaVersion + 1}");

        var failure = Assert.Throws<SqliteStorageException>(() => _bench.Open());

        Assert.Contains("newer version", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_program_is_refused()
    {
        await _storage.DisposeAsync();
        _bench.Execute("PRAGMA application_id = 7");

        Assert.Contains("another program", Assert.Throws<SqliteStorageException>(() => _bench.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await _storage.DisposeAsync();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(_bench.File)!)) File.Delete(file);
        await File.WriteAllTextAsync(_bench.File, new string('x', 8192), TestContext.Current.CancellationToken);

        Assert.Contains(
            "not an SQLite database", Assert.Throws<SqliteStorageException>(() => _bench.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_commit_is_synced_and_goes_through_the_write_ahead_log()
    {
        using var connection = new SqliteDatabase(new() { DataSource = _bench.File }).OpenForWriting();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous";
        Assert.Equal(2L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        command.CommandText = "PRAGMA journal_mode";
        Assert.Equal("wal", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_closed_store_refuses_to_write()
    {
        await _storage.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => Write("a"));
    }

    private SqliteWriteStatements LimitedDatabase(long pages)
    {
        var connection = new SqliteDatabase(new() { DataSource = _bench.File }).OpenForWriting();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA max_page_count = {pages}";
        command.ExecuteNonQuery();
        return new(connection);
    }

    [Fact]
    public async Task A_store_that_is_closed_while_it_is_read_leaves_nothing_open()
    {
        for (var round = 0; round < 20; round++)
        {
            await Write("a", grain: GrainId.Create("job", $"{round}"));
            Task[] reads = [.. Enumerable.Range(0, 100).Select(_ => Task.Run(Read, TestContext.Current.CancellationToken))];
            await _storage.DisposeAsync();

            // Files of its log stay for as long as anybody has the database open.
            Assert.Equal([_bench.File], Directory.GetFiles(Path.GetDirectoryName(_bench.File)!));
            await Task.WhenAll(reads).ContinueWith(_ => { }, TaskScheduler.Default);
            Assert.All(reads.Where(read => !read.IsCompletedSuccessfully), read =>
                Assert.IsType<ObjectDisposedException>(read.Exception!.InnerException));
            Assert.Equal([_bench.File], Directory.GetFiles(Path.GetDirectoryName(_bench.File)!));
            _storage = _bench.Open();
        }
    }

    private async Task<GrainState<JournalRow>> Read()
    {
        var state = new GrainState<JournalRow>();
        await _storage.ReadStateAsync("head", Web, state);
        return state;
    }

    private async Task<string> ReadText() => System.Text.Encoding.UTF8.GetString((await Read()).State!.Payload);

    private async Task<GrainState<JournalRow>> Write(string text, string? etag = null, GrainId? grain = null)
    {
        var state = new GrainState<JournalRow> { State = new() { Payload = System.Text.Encoding.UTF8.GetBytes(text) }, ETag = etag! };
        await _storage.WriteStateAsync("head", grain ?? Web, state);
        return state;
    }

    private static async Task<bool> Try(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }
}
