using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Contracts;

/// <summary>
/// The form of a backup: magic bytes, then records. Each is kind (1 byte), length (4), payload and CRC-32C over all of it (4), in little
/// endian.
/// </summary>
/// <remarks>
/// The first record is the header and the last one the footer, both JSON. Between them are parts of owners' states: the payload is
/// the owner's id with its length before it (2 bytes), epoch (8), number (8), length of the whole state (4), offset (4) and bytes. A part
/// at offset 0 begins a copy of its owner anew; what came before of that owner does not count.
/// </remarks>
public static class BackupFormat
{
    /// <summary>The version that this build writes, and the highest that it reads.</summary>
    public const int Version = 1;

    /// <summary>Most bytes of a record's payload; a longer one is damage.</summary>
    internal const int MaxPayloadBytes = StatePart.MaxBytes + 4096;

    internal const byte HeaderKind = 1;
    internal const byte PartKind = 2;
    internal const byte FooterKind = 3;

    /// <summary>What every backup begins with.</summary>
    internal static ReadOnlySpan<byte> Magic => "osched\x1AB"u8;
}

/// <summary>What a backup says about itself.</summary>
public sealed record BackupHeader
{
    /// <summary>Version of the file's form.</summary>
    public required int Format { get; init; }

    /// <summary>The cell that it is of.</summary>
    public required string Cell { get; init; }

    /// <summary>Version of the product that made it.</summary>
    public required string Product { get; init; }

    /// <summary>Format of the states in it.</summary>
    public required int StorageFormat { get; init; }

    /// <summary>Which life of the store it is of.</summary>
    public required long StoreIncarnation { get; init; }

    /// <summary>When it was begun.</summary>
    public required DateTimeOffset TakenAt { get; init; }
}

/// <summary>What ends a backup; one without it is not complete.</summary>
public sealed record BackupFooter
{
    /// <summary>Records between header and footer.</summary>
    public required long Records { get; init; }

    /// <summary>Owners whose state is in it.</summary>
    public required long Owners { get; init; }

    /// <summary>SHA-256 of all bytes before the footer, in hexadecimal.</summary>
    public required string Sha256 { get; init; }
}

/// <summary>A part of an owner's state in a backup.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="Part">The part.</param>
public sealed record BackupPart(GrainId Owner, StatePart Part);

/// <summary>A file is not a backup, or is damaged.</summary>
public sealed class BackupException : Exception
{
    /// <summary>Says what is wrong and where.</summary>
    public BackupException(string message) : base(message)
    {
    }

    /// <summary>Says what is wrong and where.</summary>
    public BackupException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public BackupException()
    {
    }
}

[JsonSerializable(typeof(BackupHeader)), JsonSerializable(typeof(BackupFooter))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class BackupJson : JsonSerializerContext;
