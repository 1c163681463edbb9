using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>An actor with durable state: it can be copied and checked while it works. Keys are those of the actors themselves.</summary>
[Alias("osched.IStateOwner")]
public interface IStateOwner : IGrain
{
    /// <summary>The state as of one moment, in parts of at most <see cref="StatePart.MaxBytes"/>; nothing when there is none.</summary>
    [Alias("CopyState"), AlwaysInterleave]
    IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken = default);

    /// <summary>Reads all rows of the state again and compares them with what the owner knows. Changes nothing.</summary>
    [Alias("CheckState"), AlwaysInterleave]
    Task<StateCheck> CheckState(CancellationToken cancellationToken = default);
}

/// <summary>A part of an owner's state.</summary>
/// <param name="Epoch">Which owner of its journal copied it; 0 for a state without a journal.</param>
/// <param name="Number">The journal's last entry that is contained; 0 for a state without a journal.</param>
/// <param name="Length">Bytes of the whole state.</param>
/// <param name="Offset">Where the part begins; 0 begins a copy.</param>
/// <param name="Bytes">The part.</param>
[GenerateSerializer, Immutable, Alias("osched.StatePart")]
public sealed record StatePart(
    [property: Id(0)] long Epoch, [property: Id(1)] long Number, [property: Id(2)] int Length, [property: Id(3)] int Offset,
    [property: Id(4)] byte[] Bytes)
{
    /// <summary>Most bytes of a part.</summary>
    public const int MaxBytes = 256 * 1024;
}

/// <summary>What an owner found in the store.</summary>
/// <param name="Rows">Rows that were read.</param>
/// <param name="Bytes">What they contain.</param>
/// <param name="Damages">What is wrong, by row.</param>
[GenerateSerializer, Immutable, Alias("osched.StateCheck")]
public sealed record StateCheck(
    [property: Id(0)] int Rows, [property: Id(1)] long Bytes, [property: Id(2)] ImmutableArray<RowDamage> Damages);

/// <summary>A row that is not what its owner wrote.</summary>
/// <param name="Row">The row's name.</param>
/// <param name="Reason">What is wrong with it.</param>
[GenerateSerializer, Immutable, Alias("osched.RowDamage")]
public sealed record RowDamage([property: Id(0)] string Row, [property: Id(1)] string Reason);
