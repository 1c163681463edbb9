using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Keeps grain state in one SQLite file: durable when a write returns, optimistic concurrency by ETag.</summary>
internal sealed partial class SqliteGrainStorage(
    string name, SqliteStorageOptions options, IActivatorProvider activators, TimeProvider time, ILogger<SqliteGrainStorage> logger)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly SqliteDatabase _database = new(options);
    private SqliteWriter? _writer;
    private SqliteReaders? _readers;

    /// <summary>Opens the file, creating it when it does not exist.</summary>
    /// <exception cref="SqliteStorageException">The file is damaged, not ours, or written by a newer version.</exception>
    public void Open()
    {
        _database.Prepare();
        _readers = new SqliteReaders(_database, options);
        _writer = new SqliteWriter(_database, options, time);
        LogOpened(name, _database.File);
    }

    /// <summary>Commits what waits and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_writer is { } writer) await writer.DisposeAsync();
        if (_readers is { } readers) await readers.DisposeAsync();
        (_writer, _readers) = (null, null);
    }

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        $"{nameof(SqliteGrainStorage)}-{name}",
        ServiceLifecycleStage.ApplicationServices,
        _ =>
        {
            Open();
            return Task.CompletedTask;
        },
        async _ => await DisposeAsync());

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var readers = _readers ?? throw Closed();
        if (await readers.Read(grainId.ToString(), stateName, cancellationToken).ConfigureAwait(false) is not { } row)
        {
            Forget(grainState);
            return;
        }

        grainState.State = Deserialize<T>(row, stateName, grainId);
        grainState.ETag = row.Version.ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var payload = BytesOf(options.GrainStorageSerializer.Serialize(grainState.State));
        if (payload.Length > options.MaxPayloadBytes)
        {
            throw new SqliteStorageException(
                $"{_database.File}: state {stateName} of {grainId} has {payload.Length} bytes; at most {options.MaxPayloadBytes} fit");
        }

        var version = await Apply(stateName, grainId, grainState.ETag, payload, cancellationToken).ConfigureAwait(false);
        grainState.ETag = version?.ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        await Apply(stateName, grainId, grainState.ETag, payload: null, cancellationToken).ConfigureAwait(false);
        Forget(grainState);
    }

    private async Task<long?> Apply(string stateName, GrainId grainId, string? etag, byte[]? payload, CancellationToken cancellationToken)
    {
        var writer = _writer ?? throw Closed();
        long? expected = string.IsNullOrEmpty(etag) ? null : ParseVersion(etag, stateName, grainId);
        var change = new SqliteChange(grainId.ToString(), stateName, expected, payload);
        var outcome = await writer.Apply(change, cancellationToken).ConfigureAwait(false);
        return outcome.Applied
            ? outcome.Version
            : throw Conflict(stateName, grainId, outcome.Version?.ToString(CultureInfo.InvariantCulture), etag);
    }

    private static byte[] BytesOf(BinaryData data) =>
        MemoryMarshal.TryGetArray(data.ToMemory(), out var segment) && segment.Count == segment.Array!.Length
            ? segment.Array
            : data.ToArray();

    private T Deserialize<T>(SqliteRow row, string stateName, GrainId grainId)
    {
        try
        {
            return options.GrainStorageSerializer.Deserialize<T>(new BinaryData(row.Payload)) ?? Default<T>();
        }
        catch (Exception exception)
        {
            throw new InvalidDataException(
                $"{_database.File}: state {stateName} of {grainId} cannot be read: {exception.Message}", exception);
        }
    }

    private void Forget<T>(IGrainState<T> grainState)
    {
        grainState.State = Default<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private T Default<T>() => activators.GetActivator<T>().Create();

    private ObjectDisposedException Closed() => new(nameof(SqliteGrainStorage), $"the store {_database.File} is not open");

    private static long ParseVersion(string etag, string stateName, GrainId grainId) =>
        long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw Conflict(stateName, grainId, stored: null, etag);

    private static InconsistentStateException Conflict(string stateName, GrainId grainId, string? stored, string? expected) => new(
        $"State {stateName} of {grainId} is not what the writer saw: version {stored ?? "none"} is stored, not {expected ?? "none"}",
        stored,
        expected);

    [LoggerMessage(Level = LogLevel.Information, Message = "Store {Name} is open: {File}")]
    private partial void LogOpened(string name, string file);
}
