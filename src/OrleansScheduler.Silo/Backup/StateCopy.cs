using System.Runtime.CompilerServices;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>What all owners of state do alike when they are copied or checked.</summary>
internal sealed class StateCopy(Serializer serializer, IGrainStorage storage)
{
    /// <summary>A state that has a journal, as of one of its entries.</summary>
    public async IAsyncEnumerable<StatePart> Parts<TEntry, TSnapshot>(
        Journal<TEntry, TSnapshot> journal, Task<TSnapshot> snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TSnapshot : class
    {
        var bytes = await Task.Run(async () => serializer.SerializeToArray(await snapshot), cancellationToken);
        foreach (var part in Split(journal.Epoch, journal.LastNumber, bytes)) yield return part;
    }

    /// <summary>A state that is one row.</summary>
    public IEnumerable<StatePart> Parts<T>(IPersistentState<T> state) =>
        state.RecordExists ? Split(epoch: 0, number: 0, serializer.SerializeToArray(state.State)) : [];

    /// <summary>Reads a state that is one row again.</summary>
    public async Task<StateCheck> Check<T>(string name, GrainId owner, IPersistentState<T> state, CancellationToken cancellationToken)
    {
        var known = state.RecordExists ? serializer.SerializeToArray(state.State) : [];
        var etag = state.Etag;
        var found = new GrainState<T>();
        try
        {
            await storage.ReadStateAsync(name, owner, found, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new(1, 0, [new(name, $"it cannot be read: {exception.Message}")]);
        }

        if (state.Etag != etag) return new(1, known.Length, []);   // it was written meanwhile: the next check sees that
        var stored = found.RecordExists ? serializer.SerializeToArray(found.State!) : [];
        return new(1, stored.Length, known.AsSpan().SequenceEqual(stored)
            ? []
            : [new(name, found.RecordExists ? "it is not what its owner wrote last" : "it is missing")]);
    }

    private static IEnumerable<StatePart> Split(long epoch, long number, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length; at += StatePart.MaxBytes)
            yield return new(epoch, number, bytes.Length, at, bytes[at..Math.Min(bytes.Length, at + StatePart.MaxBytes)]);
    }
}
