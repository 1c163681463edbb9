namespace OrleansScheduler.Core;

/// <summary>What lies in a directory of a task's sandbox.</summary>
/// <param name="Attempt">Whose sandbox.</param>
/// <param name="Path">Which directory, from the sandbox; empty for the sandbox itself.</param>
/// <param name="Entries">By name.</param>
/// <param name="Truncated">Whether there are more.</param>
public sealed record FileListing(int Attempt, string Path, ImmutableArray<FileEntry> Entries, bool Truncated);

/// <summary>One entry of a directory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>file</c>, <c>directory</c>, <c>link</c> or <c>other</c>.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Modified">When its content was changed last.</param>
/// <param name="Mode">Permissions in octal, such as <c>0644</c>.</param>
[GenerateSerializer, Immutable, Alias("osched.FileEntry")]
public sealed record FileEntry([property: Id(0)] string Name, [property: Id(1)] string Kind, [property: Id(2)] long Size,
    [property: Id(3)] DateTimeOffset Modified, [property: Id(4)] string Mode);
