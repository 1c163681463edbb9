using System.Buffers.Binary;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>How an answer came out (RFC 1035, 4.1.1).</summary>
internal enum DnsStatus
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>Kinds of records (RFC 1035, 3.2.2; RFC 3596; RFC 2782).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Soa = 6,
    Aaaa = 28,
    Srv = 33,
    Any = 255,
}

/// <summary>One question of a resolver.</summary>
/// <param name="Id">Chosen by who asks.</param>
/// <param name="Labels">The name, from the left, without the root.</param>
/// <param name="Type">What is asked for.</param>
/// <param name="Class">1 for the internet.</param>
/// <param name="Wire">The question as it came, name, type and class: answers repeat it byte for byte.</param>
/// <param name="WantsRecursion">Whether the resolver wants others to be asked; the answer says the bit back.</param>
internal sealed record DnsQuestion(
    ushort Id, ImmutableArray<string> Labels, DnsType Type, ushort Class, ImmutableArray<byte> Wire, bool WantsRecursion)
{
    public const int HeaderBytes = 12;
    public const ushort Internet = 1;
    private const int LongestName = 255;
    private const int LongestLabel = 63;
    private const int ResponseFlag = 0x8000;
    private const int RecursionDesiredFlag = 0x0100;

    /// <summary>
    /// Reads a packet. Null and no status: it deserves no answer. Null and a status: it is answered with that. Anything behind the
    /// question, such as extensions (RFC 6891), is passed over.
    /// </summary>
    public static DnsQuestion? Read(ReadOnlySpan<byte> packet, out DnsStatus? refusal)
    {
        refusal = null;
        if (packet.Length < HeaderBytes) return null;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);

        // An answer to an answer is how two servers keep each other busy for ever.
        if ((flags & ResponseFlag) != 0) return null;
        refusal = DnsStatus.NotImplemented;
        if (((flags >> 11) & 0xF) != 0) return null;
        refusal = DnsStatus.FormatError;
        if (BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != 1) return null;
        if (ReadName(packet[HeaderBytes..], out var length) is not { } labels) return null;
        var rest = packet[(HeaderBytes + length)..];
        if (rest.Length < 4) return null;
        refusal = null;
        return new(
            BinaryPrimitives.ReadUInt16BigEndian(packet), labels, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(rest),
            BinaryPrimitives.ReadUInt16BigEndian(rest[2..]), [.. packet.Slice(HeaderBytes, length + 4)],
            (flags & RecursionDesiredFlag) != 0);
    }

    /// <summary>A name that stands there in full; null for anything else. Nothing comes before a question that it could point to.</summary>
    private static ImmutableArray<string>? ReadName(ReadOnlySpan<byte> text, out int length)
    {
        var labels = ImmutableArray.CreateBuilder<string>();
        for (length = 0; length < text.Length && length < LongestName;)
        {
            int size = text[length++];
            if (size == 0) return labels.ToImmutable();
            if (size > LongestLabel || length + size > text.Length) return null;
            labels.Add(Encoding.Latin1.GetString(text.Slice(length, size)));
            length += size;
        }

        return null;
    }
}
