namespace OrleansScheduler.Contracts;

/// <summary>Which piece of which file of a sandbox.</summary>
/// <param name="Path">From the sandbox; empty for the sandbox itself.</param>
/// <param name="IsList">Whether the entries of a directory are wanted rather than bytes of a file.</param>
/// <param name="Offset">First byte wanted.</param>
/// <param name="MaxBytes">Most bytes wanted.</param>
/// <param name="Actor">Who asks.</param>
[GenerateSerializer, Immutable, Alias("osched.FileQuery")]
public sealed record FileQuery([property: Id(0)] string Path, [property: Id(1)] bool IsList, [property: Id(2)] long Offset,
    [property: Id(3)] int MaxBytes, [property: Id(4)] string Actor);

/// <summary>What there is.</summary>
/// <param name="Data">Bytes of the file.</param>
/// <param name="Size">Length of the whole file.</param>
/// <param name="Entries">Entries of the directory.</param>
/// <param name="Truncated">Whether there are more entries.</param>
[GenerateSerializer, Immutable, Alias("osched.FilePiece")]
public sealed record FilePiece([property: Id(0)] ImmutableArray<byte> Data, [property: Id(1)] long Size,
    [property: Id(2)] ImmutableArray<FileEntry> Entries, [property: Id(3)] bool Truncated);
