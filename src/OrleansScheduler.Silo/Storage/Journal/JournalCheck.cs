using Orleans.Serialization;

namespace OrleansScheduler.Silo;

/// <summary>Reads all rows of a journal again and compares them with what its owner knows. Changes nothing.</summary>
internal sealed class JournalCheck(JournalRows rows, Serializer serializer)
{
    private readonly ImmutableArray<RowDamage>.Builder _damages = ImmutableArray.CreateBuilder<RowDamage>();
    private int _count;
    private long _bytes;

    /// <summary>What the store has of a journal.</summary>
    /// <param name="head">The head as its owner wrote it.</param>
    /// <param name="etag">Its ETag; null when there is no journal yet.</param>
    /// <param name="tail">The tail.</param>
    public async Task<StateCheck> Run(JournalHead head, string? etag, JournalTail tail)
    {
        if (await Read(JournalHead.RowName, etag) is { } row && !row.Payload.AsSpan().SequenceEqual(serializer.SerializeToArray(head)))
            Report(JournalHead.RowName, $"it is not what the owner wrote (epoch {head.Epoch}; the row has {row.Epoch})");
        foreach (var segment in tail.Segments) await Read(JournalSegment.RowName(segment.Number), segment.ETag);
        long snapshot = 0;
        for (var part = 0; part < head.Rows?.Parts; part++)
            snapshot += (await Read(head.Rows.RowName(part), etag: null))?.Payload.Length ?? 0;
        if (head.Rows is { } all && snapshot != all.Length && _damages.Count == 0)
            Report(all.RowName(0), $"the snapshot has {snapshot} bytes instead of {all.Length}");
        return new(_count, _bytes, _damages.ToImmutable());
    }

    private async Task<JournalRow?> Read(string name, string? etag)
    {
        try
        {
            var found = await rows.Read(name, CancellationToken.None);
            if (found is null && etag is null && name == JournalHead.RowName) return null;
            _count++;
            if (found is null)
            {
                Report(name, "it is missing: the store had acknowledged it");
                return null;
            }

            _bytes += found.Row.Payload.Length;
            if (etag is not null && found.ETag != etag)
                Report(name, $"it is not what the owner wrote last: epoch {found.Row.Epoch} wrote the row that is there");
            else if (etag is null && name == JournalHead.RowName)
                Report(name, $"epoch {found.Row.Epoch} wrote it behind the owner's back");
            return _damages.Count > 0 && _damages[^1].Row == name ? null : found.Row;
        }
        catch (Exception exception) when (exception is JournalCorruptException or JournalUnavailableException)
        {
            Report(name, exception.Message);
            return null;
        }
    }

    private void Report(string row, string reason) => _damages.Add(new(row, reason));
}
