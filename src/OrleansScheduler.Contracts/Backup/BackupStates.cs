using System.Runtime.CompilerServices;

namespace OrleansScheduler.Contracts;

/// <summary>Puts the parts in a backup together to whole states.</summary>
public static class BackupStates
{
    /// <summary>Every owner's state, when its last part was read. Holds one state at a time.</summary>
    /// <exception cref="BackupException">A part is missing.</exception>
    public static async IAsyncEnumerable<OwnedState> ReadStates(
        this BackupReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] bytes = [];
        var (owner, filled) = (default(GrainId), 0);
        await foreach (var (partOwner, part) in reader.ReadParts(cancellationToken))
        {
            if (part.Offset == 0)
            {
                if (part.Length < part.Bytes.Length) throw Incomplete(partOwner);
                (owner, bytes, filled) = (partOwner, new byte[part.Length], 0);
            }

            if (partOwner != owner || part.Offset != filled || part.Length != bytes.Length || filled + part.Bytes.Length > bytes.Length)
                throw Incomplete(partOwner);
            part.Bytes.CopyTo(bytes, filled);
            filled += part.Bytes.Length;
            if (filled == bytes.Length) yield return new(owner, part.Epoch, part.Number, bytes);
        }
    }

    private static BackupException Incomplete(GrainId owner) => new($"The state of {owner} in the backup is damaged: a part is missing.");
}

/// <summary>The state of one owner.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="Epoch">Which owner of its journal it was; 0 without a journal.</param>
/// <param name="Number">The last entry that is contained; 0 without a journal.</param>
/// <param name="Bytes">The state.</param>
public sealed record OwnedState(GrainId Owner, long Epoch, long Number, byte[] Bytes);
