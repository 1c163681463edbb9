namespace OrleansScheduler.Contracts;

/// <summary>Checks a backup from its first byte to its last.</summary>
public static class BackupCheck
{
    /// <summary>Reads all of it. A problem names the record that is damaged, or the version that made it.</summary>
    public static async Task<Answer<BackupContent>> Run(Stream file, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new BackupReader(file);
            var header = await reader.Begin(cancellationToken);
            var (bytes, owners) = (0L, new Dictionary<string, int>(StringComparer.Ordinal));
            await foreach (var state in reader.ReadStates(cancellationToken))
            {
                var type = state.Owner.Type.ToString()!;
                owners[type] = owners.GetValueOrDefault(type) + 1;
                bytes += state.Bytes.Length;
            }

            var whole = owners.Values.Sum();
            return whole == reader.Footer!.Owners
                ? new BackupContent(header, owners.ToImmutableSortedDictionary(StringComparer.Ordinal), bytes)
                : Damaged($"It counts {reader.Footer.Owners} owners and has the states of {whole}.");
        }
        catch (BackupException exception)
        {
            return Damaged(exception.Message);
        }
    }

    private static Problem Damaged(string message) => Problem.Of(ProblemKind.Conflict, "backup-damaged", message);
}

/// <summary>What is in a backup.</summary>
/// <param name="Header">What it says about itself.</param>
/// <param name="Owners">How many states it has, by the type of their owners.</param>
/// <param name="Bytes">Bytes of all states.</param>
public sealed record BackupContent(BackupHeader Header, ImmutableSortedDictionary<string, int> Owners, long Bytes);
