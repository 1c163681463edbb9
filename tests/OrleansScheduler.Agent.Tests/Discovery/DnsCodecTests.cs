using System.Net;
using System.Text;
using CsCheck;

namespace OrleansScheduler.Agent.Tests;

public sealed class DnsCodecTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(5);

    // As dig sends it: id 0x1234, recursion desired, one question, db.prod.shop.osched A.
    private static readonly byte[] Query =
    [
        0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0,
        .. Label("db"), .. Label("prod"), .. Label("shop"), .. Label("osched"), 0, 0, 1, 0, 1,
    ];

    [Fact]
    public void A_question_is_read_as_it_stands()
    {
        var question = DnsQuestion.Read(Query, out var refusal)!;
        Assert.Null(refusal);
        Assert.Equal(0x1234, question.Id);
        Assert.Equal(["db", "prod", "shop", "osched"], question.Labels);
        Assert.Equal((DnsType.A, 1, true), (question.Type, question.Class, question.WantsRecursion));
    }

    [Fact]
    public void An_address_is_written_as_RFC_1035_has_it()
    {
        var answer = new DnsAnswer(
            DnsStatus.NoError, [new DnsRecord.Address(Read(Query).Labels, IPAddress.Parse("10.1.2.3"))], []);
        byte[] expected =
        [
            0x12, 0x34, 0x85, 0x00, 0, 1, 0, 1, 0, 0, 0, 0, .. Query[12..],
            0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 1, 2, 3,
        ];
        Assert.Equal(expected, answer.Write(Read(Query), 512, ["osched"], Ttl));
    }

    [Fact]
    public void A_server_is_written_as_RFC_2782_has_it_with_its_address_besides()
    {
        ImmutableArray<string> target = ["0", "db", "osched"];
        byte[] query = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Label("_x"), .. Label("osched"), 0, 0, 33, 0, 1];
        var question = Read(query);
        var answer = new DnsAnswer(
            DnsStatus.NoError, [new DnsRecord.Server(question.Labels, 31_000, target)],
            [new DnsRecord.Address(target, IPAddress.Parse("::1"))]);
        byte[] name = [.. Label("0"), .. Label("db"), .. Label("osched"), 0];
        byte[] expected =
        [
            0, 1, 0x84, 0x00, 0, 1, 0, 1, 0, 0, 0, 1, .. query[12..],
            0xC0, 0x0C, 0, 33, 0, 1, 0, 0, 0, 5, 0, (byte)(6 + name.Length), 0, 0, 0, 1, 0x79, 0x18, .. name,
            .. name, 0, 28, 0, 1, 0, 0, 0, 5, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        ];
        Assert.Equal(expected, answer.Write(question, 512, ["osched"], Ttl));
    }

    [Fact]
    public void What_is_not_there_says_for_how_long_it_may_be_remembered()
    {
        var bytes = DnsAnswer.Of(DnsStatus.NameError).Write(Read(Query), 512, ["osched"], Ttl);
        Assert.Equal([0x12, 0x34, 0x85, 0x03, 0, 1, 0, 0, 0, 1, 0, 0], bytes[..12]);
        Assert.Equal([0, 0, 0, 5], bytes[^4..]);
    }

    [Fact]
    public void An_answer_that_is_too_long_is_cut_between_records_and_says_so()
    {
        var question = Read(Query);
        var answer = new DnsAnswer(
            DnsStatus.NoError,
            [.. Enumerable.Range(0, 200).Select(i => new DnsRecord.Address(question.Labels, new IPAddress([10, 0, 0, (byte)i])))], []);
        var cut = answer.Write(question, 512, ["osched"], Ttl);
        Assert.InRange(cut.Length, 500, 512);
        Assert.Equal(0x02, cut[2] & 0x02);
        Assert.Equal((cut.Length - Query.Length) / 16, (cut[6] << 8) | cut[7]);
        var whole = answer.Write(question, DnsAnswer.MostBytesTcp, ["osched"], Ttl);
        Assert.Equal((0, 200), (whole[2] & 0x02, (whole[6] << 8) | whole[7]));
    }

    [Theory]
    [InlineData("an answer", 2, 0x80, null)]
    [InlineData("another kind of request", 2, 0x28, DnsStatus.NotImplemented)]
    [InlineData("two questions", 5, 2, DnsStatus.FormatError)]
    [InlineData("a label that points elsewhere", 12, 0xC0, DnsStatus.FormatError)]
    [InlineData("a label that is longer than the packet", 12, 63, DnsStatus.FormatError)]
    public void What_is_no_question_is_refused_or_passed_over(string what, int at, int value, object? expected)
    {
        var packet = Query.ToArray();
        packet[at] = (byte)value;
        Assert.True(DnsQuestion.Read(packet, out var refusal) is null, what);
        Assert.Equal(expected, refusal);
    }

    [Fact]
    public void A_name_is_at_most_255_bytes_long()
    {
        byte[] Asked(int labels, int last) =>
        [
            0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
            .. Enumerable.Repeat(Label(new('a', 63)), labels).SelectMany(b => b), .. Label(new('b', last)), 0, 0, 1, 0, 1,
        ];
        Assert.NotNull(DnsQuestion.Read(Asked(3, 61), out _));
        Assert.Null(DnsQuestion.Read(Asked(3, 62), out _));
        Assert.Null(DnsQuestion.Read(Asked(50, 1), out _));
    }

    [Fact]
    public void No_bytes_at_all_lead_to_more_than_a_question_or_a_refusal() => Gen.Byte.Array[0, 600].Sample(Survives, iter: 20_000);

    [Fact]
    public void A_question_with_wrong_bytes_leads_to_no_more_either() =>
        Gen.Select(Gen.Int[0, Query.Length], Gen.Select(Gen.Int[0, Query.Length - 1], Gen.Byte).Array[1, 6]).Sample((length, changes) =>
        {
            var packet = Query.ToArray();
            foreach (var (at, value) in changes) packet[at] = value;
            Survives(packet[..length]);
        }, iter: 20_000);

    private static void Survives(byte[] packet)
    {
        if (DnsQuestion.Read(packet, out var refusal) is not { } question)
        {
            if (refusal is { } status) Assert.Equal(12, DnsAnswer.WriteRefusal(packet, status).Length);
            return;
        }

        Assert.True(question.Labels.Sum(label => label.Length + 1) < 255);
        if (ServiceName.IsInZone(question.Labels)) _ = ServiceName.Read(question.Labels);
        foreach (var answer in (DnsAnswer[])[DnsAnswer.Of(DnsStatus.Refused), new(DnsStatus.NoError,
            [.. Enumerable.Range(0, 50).Select(_ => new DnsRecord.Server(question.Labels, 1, question.Labels))], [])])
            Assert.True(answer.Write(question, 512, [ServiceName.Zone], Ttl).Length <= 512);
    }

    [Theory]
    [InlineData("web.prod.shop.osched", "shop/prod/web", null, null)]
    [InlineData("7.web.prod.shop.osched", "shop/prod/web", 7, null)]
    [InlineData("_http._tcp.web.prod.shop.OSCHED", "shop/prod/web", null, "http")]
    [InlineData("_admin-http._TCP.7.web.prod.shop.osched", "shop/prod/web", 7, "admin-http")]
    [InlineData("web.prod.eng.shop.osched", "eng.shop/prod/web", null, null)]
    [InlineData("007.prod.eng.shop.osched", "eng.shop/prod/007", null, null)]
    [InlineData("7.prod.shop.osched", "shop/prod/7", null, null)]
    public void Names_mean_services_instances_and_ports(string name, string key, int? instance, string? port)
    {
        var read = ServiceName.Read([.. name.Split('.')])!;
        Assert.Equal(JobKey.Parse(key), read.Keys[0]);
        Assert.Equal((instance, port), (read.Instance, read.Port));
        Assert.Equal("osched", read.Base[^1], ignoreCase: true);
    }

    [Theory]
    [InlineData("prod.shop.osched")]
    [InlineData("_._tcp.web.prod.shop.osched")]
    [InlineData("http._tcp.web.prod.shop.osched")]
    [InlineData("we b.prod.shop.osched")]
    [InlineData("a/b.prod.shop.osched")]
    public void Other_names_mean_nothing(string name) => Assert.Null(ServiceName.Read([.. name.Split('.')]));

    private static DnsQuestion Read(byte[] packet) => DnsQuestion.Read(packet, out _)!;

    private static byte[] Label(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
