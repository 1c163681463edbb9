using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>What a record says besides its owner's name.</summary>
internal abstract record DnsRecord
{
    /// <summary>An address.</summary>
    public sealed record Address(ImmutableArray<string> Owner, IPAddress Value) : DnsRecord;

    /// <summary>Where a service listens (RFC 2782).</summary>
    public sealed record Server(ImmutableArray<string> Owner, int Port, ImmutableArray<string> Target) : DnsRecord;
}

/// <summary>An answer, and how it is written (RFC 1035, 4.1).</summary>
/// <param name="Status">How it came out.</param>
/// <param name="Answers">What was asked for.</param>
/// <param name="Additional">What will be asked for next.</param>
internal sealed record DnsAnswer(DnsStatus Status, ImmutableArray<DnsRecord> Answers, ImmutableArray<DnsRecord> Additional)
{
    /// <summary>Most bytes of a packet.</summary>
    public const int MostBytesUdp = 512;

    /// <summary>Most bytes of a message over a connection.</summary>
    public const int MostBytesTcp = 65_535;

    private const ushort Pointer = 0xC000;

    /// <summary>An answer without records.</summary>
    public static DnsAnswer Of(DnsStatus status) => new(status, [], []);

    /// <summary>Writes the answer to a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="mostBytes">What may not be exceeded: records that do not fit are left out, and the answer says that it is cut.</param>
    /// <param name="zone">The zone that what is missing is missing in; empty when it is another's.</param>
    /// <param name="ttl">How long it may be kept.</param>
    public byte[] Write(DnsQuestion question, int mostBytes, ImmutableArray<string> zone, TimeSpan ttl)
    {
        var seconds = (uint)ttl.TotalSeconds;
        var packet = new List<byte>(new byte[DnsQuestion.HeaderBytes]);
        packet.AddRange(question.Wire);
        var answers = Add(packet, question, Answers, mostBytes, seconds);
        var isCut = answers < Answers.Length;
        var isEmpty = Answers.IsEmpty && zone is not [] && Status is DnsStatus.NoError or DnsStatus.NameError;
        var authority = isEmpty ? Fitting(packet, Soa(question, zone, seconds), mostBytes) : 0;
        var additional = isCut ? 0 : Add(packet, question, Additional, mostBytes, seconds);
        var bytes = packet.ToArray();
        WriteHeader(bytes, question.Id, Status, question.WantsRecursion, isCut, isOurs: zone is not [], 1, answers, authority, additional);
        return bytes;
    }

    /// <summary>The answer to a packet that is no question.</summary>
    public static byte[] WriteRefusal(ReadOnlySpan<byte> packet, DnsStatus status)
    {
        var bytes = new byte[DnsQuestion.HeaderBytes];
        var id = BinaryPrimitives.ReadUInt16BigEndian(packet);
        WriteHeader(bytes, id, status, wantsRecursion: false, isCut: false, isOurs: false, 0, 0, 0, 0);
        return bytes;
    }

    private static void WriteHeader(
        Span<byte> packet, ushort id, DnsStatus status, bool wantsRecursion, bool isCut, bool isOurs, params ReadOnlySpan<int> counts)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet, id);
        var flags = 0x8000 | (isOurs ? 0x0400 : 0) | (isCut ? 0x0200 : 0) | (wantsRecursion ? 0x0100 : 0) | (int)status;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)flags);
        for (var i = 0; i < counts.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(packet[(4 + (2 * i))..], (ushort)counts[i]);
    }

    private static int Add(List<byte> packet, DnsQuestion question, ImmutableArray<DnsRecord> records, int mostBytes, uint ttl)
    {
        var count = 0;
        foreach (var record in records)
        {
            if (Fitting(packet, Record(question, record, ttl), mostBytes) == 0) break;
            count++;
        }

        return count;
    }

    private static int Fitting(List<byte> packet, List<byte> record, int mostBytes)
    {
        if (packet.Count + record.Count > mostBytes) return 0;
        packet.AddRange(record);
        return 1;
    }

    private static List<byte> Record(DnsQuestion question, DnsRecord record, uint ttl)
    {
        var bytes = new List<byte>();
        switch (record)
        {
            case DnsRecord.Address { Value: var address } one:
                AddName(bytes, one.Owner, question);
                var type = address.AddressFamily == AddressFamily.InterNetworkV6 ? DnsType.Aaaa : DnsType.A;
                AddData(bytes, type, ttl, address.GetAddressBytes());
                break;
            case DnsRecord.Server server:
                AddName(bytes, server.Owner, question);
                var data = new List<byte>();
                AddNumber(data, 0);
                AddNumber(data, 1);
                AddNumber(data, (ushort)server.Port);
                AddName(data, server.Target, compressed: null);   // RFC 2782 forbids to compress it
                AddData(bytes, DnsType.Srv, ttl, data);
                break;
        }

        return bytes;
    }

    /// <summary>Says how long it may be remembered that there is nothing (RFC 2308).</summary>
    private static List<byte> Soa(DnsQuestion question, ImmutableArray<string> zone, uint ttl)
    {
        var bytes = new List<byte>();
        AddName(bytes, zone, question);
        var data = new List<byte>();
        AddName(data, zone, compressed: null);
        AddName(data, ["hostmaster", .. zone], compressed: null);
        foreach (var number in (ReadOnlySpan<uint>)[1, 3600, 600, 86_400, ttl])
        {
            AddNumber(data, (ushort)(number >> 16));
            AddNumber(data, (ushort)number);
        }

        AddData(bytes, DnsType.Soa, ttl, data);
        return bytes;
    }

    private static void AddData(List<byte> bytes, DnsType type, uint ttl, IReadOnlyCollection<byte> data)
    {
        AddNumber(bytes, (ushort)type);
        AddNumber(bytes, DnsQuestion.Internet);
        AddNumber(bytes, (ushort)(ttl >> 16));
        AddNumber(bytes, (ushort)ttl);
        AddNumber(bytes, (ushort)data.Count);
        bytes.AddRange(data);
    }

    private static void AddName(List<byte> bytes, ImmutableArray<string> name, DnsQuestion? compressed)
    {
        if (compressed is not null && name.AsSpan().SequenceEqual(compressed.Labels.AsSpan()))
        {
            AddNumber(bytes, Pointer | DnsQuestion.HeaderBytes);
            return;
        }

        foreach (var label in name)
        {
            var text = Encoding.Latin1.GetBytes(label);
            bytes.Add((byte)text.Length);
            bytes.AddRange(text);
        }

        bytes.Add(0);
    }

    private static void AddNumber(List<byte> bytes, int number)
    {
        bytes.Add((byte)(number >> 8));
        bytes.Add((byte)number);
    }
}
