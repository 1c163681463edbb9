using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

/// <summary>A store in memory with ETags, that counts what it is asked and misbehaves on demand.</summary>
internal sealed class FaultyStorage : IGrainStorage
{
    private readonly Dictionary<(string Grain, string State), (object State, int Version)> _rows = [];
    private int _lastVersion;

    /// <summary>Writes that were asked for, failed ones included.</summary>
    public int Writes { get; private set; }

    /// <summary>Reads that were asked for.</summary>
    public int Reads { get; private set; }

    /// <summary>Decides how the next calls go; null for all well.</summary>
    public Func<StorageCall, Fault>? Misbehave { get; set; }

    /// <summary>Holds calls back until somebody carries them out; null to carry them out at once.</summary>
    public List<HeldCall>? Held { get; set; }

    /// <summary>Calls wait for this before they are carried out; null to carry them out at once.</summary>
    public Task? Gate { get; set; }

    /// <summary>Names of all rows.</summary>
    public IEnumerable<string> Names => _rows.Keys.Select(key => key.State).Order(StringComparer.Ordinal);

    /// <summary>All journal rows by name.</summary>
    public IEnumerable<(string Name, JournalRow Row)> Rows => _rows.Select(row => (row.Key.State, (JournalRow)row.Value.State));

    /// <summary>Replaces a row behind everybody's back.</summary>
    public void Tamper(string name, Func<JournalRow, JournalRow> change)
    {
        var key = _rows.Keys.Single(key => key.State == name);
        _rows[key] = (change((JournalRow)_rows[key].State), _rows[key].Version);
    }

    /// <summary>Remembers a row as it is now; the answer puts it back, as if all later writes had never been.</summary>
    public Action Remember(string name)
    {
        var key = _rows.Keys.Single(key => key.State == name);
        var row = _rows[key];
        return () => _rows[key] = row;
    }

    /// <summary>Removes a row behind everybody's back.</summary>
    public void Remove(string name) => Assert.True(_rows.Remove(_rows.Keys.Single(key => key.State == name)));

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Reads++;
        return Carry(new(StorageVerb.Read, stateName), () =>
        {
            var found = _rows.TryGetValue((grainId.ToString(), stateName), out var row);
            grainState.RecordExists = found;
            grainState.ETag = found ? $"{row.Version}" : null!;
            grainState.State = found ? (T)row.State : Activator.CreateInstance<T>();
        });
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Writes++;
        var (expected, state) = (grainState.ETag, grainState.State);
        return Carry(new(StorageVerb.Write, stateName), () =>
        {
            var key = (grainId.ToString(), stateName);
            Require(key, expected);
            _rows[key] = (state!, ++_lastVersion);
            (grainState.ETag, grainState.RecordExists) = ($"{_lastVersion}", true);
        });
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var expected = grainState.ETag;
        return Carry(new(StorageVerb.Clear, stateName), () =>
        {
            var key = (grainId.ToString(), stateName);
            Require(key, expected);
            _rows.Remove(key);
        });
    }

    private void Require((string Grain, string State) key, string? expected)
    {
        var stored = _rows.TryGetValue(key, out var row) ? $"{row.Version}" : null;

        // Not every provider says that a conflict is one.
        if (stored != expected)
            throw new InvalidOperationException($"{key.State}: stored {stored ?? "none"}, expected {expected ?? "none"}");
    }

    private Task Carry(StorageCall call, Action work)
    {
        if (Held is { } held)
        {
            var waiting = new HeldCall(call, work);
            held.Add(waiting);
            return waiting.Answer;
        }

        return Gate is { } gate ? CarryAfter(gate, call, work) : CarryNow(call, work);
    }

    private async Task CarryAfter(Task gate, StorageCall call, Action work)
    {
        await gate;
        await CarryNow(call, work);
    }

    private Task CarryNow(StorageCall call, Action work)
    {
        var now = new HeldCall(call, work);
        now.CarryOut(Misbehave?.Invoke(call) ?? Fault.None);
        return now.Answer;
    }
}

/// <summary>What is asked of a store.</summary>
internal enum StorageVerb
{
    Read,
    Write,
    Clear,
}

/// <summary>How a store can fail.</summary>
internal enum Fault
{
    /// <summary>It does what it should.</summary>
    None,

    /// <summary>Nothing is done, and it says so.</summary>
    ErrorBefore,

    /// <summary>It is done, and the answer says that it failed.</summary>
    AnswerLost,

    /// <summary>It is done, and nobody ever answers.</summary>
    DoneAndSilent,

    /// <summary>Nothing is done and nobody ever answers.</summary>
    Silent,
}

/// <summary>One call of a store.</summary>
internal readonly record struct StorageCall(StorageVerb Verb, string Row);

/// <summary>A call that waits to be carried out.</summary>
internal sealed class HeldCall(StorageCall call, Action work)
{
    private readonly TaskCompletionSource _answer = new();

    /// <summary>The call.</summary>
    public StorageCall Call => call;

    /// <summary>Its answer.</summary>
    public Task Answer => _answer.Task;

    /// <summary>Does it, or not.</summary>
    public void CarryOut(Fault fault)
    {
        var failure = fault is Fault.None or Fault.AnswerLost or Fault.DoneAndSilent ? Do() : null;
        if (fault is Fault.Silent or Fault.DoneAndSilent) return;
        if (fault is Fault.ErrorBefore or Fault.AnswerLost) failure = new IOException($"injected: {fault}");
        if (failure is null) _answer.SetResult();
        else _answer.SetException(failure);
    }

    private Exception? Do()
    {
        try
        {
            work();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
