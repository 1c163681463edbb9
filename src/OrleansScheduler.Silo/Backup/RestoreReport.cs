namespace OrleansScheduler.Silo;

/// <summary>What a restore wrote.</summary>
public sealed record RestoreReport
{
    /// <summary>The cell.</summary>
    public required string Cell { get; init; }

    /// <summary>When the backup was made.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Which life of the store begins.</summary>
    public required long StoreIncarnation { get; init; }

    /// <summary>Jobs written.</summary>
    public int Jobs { get; private set; }

    /// <summary>Nodes written.</summary>
    public int Nodes { get; private set; }

    /// <summary>Bytes of all states.</summary>
    public long Bytes { get; private set; }

    /// <summary>A state was written.</summary>
    internal void Count(OwnedState state)
    {
        Bytes += state.Bytes.Length;
        if (state.Owner.Type == OwnerTypes.Job) Jobs++;
        if (state.Owner.Type == OwnerTypes.Node) Nodes++;
    }
}
