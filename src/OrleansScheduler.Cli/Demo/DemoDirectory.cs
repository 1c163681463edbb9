namespace OrleansScheduler.Cli;

/// <summary>Gives every demonstration a fresh directory and clears away those of earlier ones.</summary>
internal static class DemoDirectory
{
    /// <summary>Directories of earlier demonstrations that are kept to look at.</summary>
    private const int Kept = 3;

    /// <summary>Makes a directory below the user's state directory.</summary>
    public static string Create(Terminal terminal)
    {
        var parent = Path.Combine(terminal.StateDirectory, "demo");
        Directory.CreateDirectory(parent);
        foreach (var old in Directory.GetDirectories(parent).OrderDescending(StringComparer.Ordinal).Skip(Kept)) Remove(old);
        var name = $"{terminal.Time.GetUtcNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}";
        return Directory.CreateDirectory(Path.Combine(parent, name)).FullName;
    }

    /// <summary>Removes a directory unless a cell runs on it.</summary>
    public static void Remove(string directory)
    {
        try
        {
            var lockFile = Path.Combine(directory, EmbeddedCell.LockFile);
            using (new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, or not ours to remove: the next demonstration looks again.
        }
    }
}
