using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace OrleansScheduler.Agent.Tests;

public sealed class DnsServerTests : IAsyncLifetime
{
    private Node _node = null!;

    private DnsServer Server => _node.Services.GetRequiredService<DnsServer>();

    public async ValueTask InitializeAsync()
    {
        _node = await Node.Start(("Agent:Dns:Listen", "127.0.0.1:0"));
        await Wait.Until(() => Server.Endpoint is not null);
    }

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_service_has_the_addresses_of_its_nodes_and_each_instance_its_own()
    {
        _node.Gateway.Say(
            "shop/prod/web", (0, "10.0.0.1", "http", 31_000), (1, "10.0.0.2", "http", 31_001), (2, "10.0.0.1", "http", 31_002));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], (await Dig("web.prod.shop.osched.", "A")).Order());
        Assert.Equal(["10.0.0.2"], await Dig("1.web.prod.shop.osched.", "A"));
        Assert.Equal(["10.0.0.1"], await Dig("2.web.prod.shop.osched", "A", "+tcp"));
        Assert.Empty(await Dig("web.prod.shop.osched", "AAAA"));
    }

    [Fact]
    public async Task A_port_is_where_its_servers_are()
    {
        _node.Gateway.Say("shop/prod/web", (0, "10.0.0.1", "http", 31_000), (1, "::1", "http", 31_001));
        Assert.Equal(
            ["0 1 31000 0.web.prod.shop.osched.", "0 1 31001 1.web.prod.shop.osched."],
            (await Dig("_http._tcp.web.prod.shop.osched", "SRV")).Order());
        Assert.Equal(["0 1 31001 1.web.prod.shop.osched."], await Dig("_HTTP._tcp.1.Web.PROD.shop.osched", "SRV"), ignoreCase());
        var all = await DigAll("_http._tcp.web.prod.shop.osched", "SRV");
        Assert.Contains("0.web.prod.shop.osched.\t5\tIN\tA\t10.0.0.1", all);
        Assert.Contains("1.web.prod.shop.osched.\t5\tIN\tAAAA\t::1", all);

        static StringComparer ignoreCase() => StringComparer.OrdinalIgnoreCase;
    }

    [Fact]
    public async Task An_answer_follows_the_service()
    {
        _node.Gateway.Say("shop/prod/web", (0, "10.0.0.1", "http", 31_000));
        Assert.Equal(["10.0.0.1"], await Dig("web.prod.shop.osched", "A"));
        _node.Gateway.Say("shop/prod/web", (0, "10.0.0.9", "http", 31_000));
        var table = _node.Services.GetRequiredService<ServiceTable>();
        await Wait.Until(() => table.Find(JobKey.Parse("shop/prod/web"))?.Endpoints[0].Host == "10.0.0.9");
        Assert.Equal(["10.0.0.9"], await Dig("web.prod.shop.osched", "A"));

        // While no gateway is there the last word holds.
        await _node.Gateway.DisposeAsync();
        Assert.Equal(["10.0.0.9"], await Dig("web.prod.shop.osched", "A"));
    }

    [Theory]
    [InlineData("example.org", "A", "REFUSED")]
    [InlineData(".", "NS", "REFUSED")]
    [InlineData("nobody.prod.shop.osched", "A", "NXDOMAIN")]
    [InlineData("prod.shop.osched", "A", "NXDOMAIN")]
    [InlineData("7.web.prod.shop.osched", "A", "NXDOMAIN")]
    [InlineData("_ftp._tcp.web.prod.shop.osched", "SRV", "NXDOMAIN")]
    [InlineData("web.prod.shop.osched", "MX", "NOERROR")]
    [InlineData("none.prod.shop.osched", "A", "NOERROR")]
    [InlineData("silent.prod.shop.osched", "A", "SERVFAIL")]
    public async Task What_is_not_there_is_told_from_what_is_not_ours_and_what_is_not_known(string name, string type, string status)
    {
        _node.Gateway.Say("shop/prod/web", (0, "10.0.0.1", "http", 31_000));
        _node.Gateway.Say("shop/prod/none");
        _node.Gateway.Withheld["shop/prod/silent"] = true;
        Assert.Contains($"status: {status},", await DigAll(name, type));
    }

    [Fact]
    public async Task What_does_not_fit_into_a_packet_comes_over_a_connection()
    {
        _node.Gateway.Say(
            "shop/prod/many", [.. Enumerable.Range(0, 200).Select(i => (i, $"10.0.{i / 100}.{i % 100}", "http", 31_000 + i))]);
        Assert.Equal(200, (await Dig("many.prod.shop.osched", "A")).Length);
        var cut = await DigAll("many.prod.shop.osched", "A", "+ignore");
        Assert.Contains(" tc", cut);
        var size = cut[(cut.IndexOf("MSG SIZE  rcvd: ", StringComparison.Ordinal) + 16)..].Split('\n')[0];
        Assert.InRange(int.Parse(size, CultureInfo.InvariantCulture), 400, 512);
        Assert.Equal(200, (await Dig("_http._tcp.many.prod.shop.osched", "SRV")).Length);
    }

    [Fact]
    public async Task Garbage_ends_nothing()
    {
        _node.Gateway.Say("shop/prod/web", (0, "10.0.0.1", "http", 31_000));
        using var socket = new UdpClient(AddressFamily.InterNetwork);
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var packet = new byte[random.Next(0, 600)];
            random.NextBytes(packet);
            await socket.SendAsync(packet, Server.Endpoint);
        }

        for (var i = 0; i < 70; i++)
        {
            // More than there are connections at once, each of them leaving in the middle of a word.
            using var connection = new TcpClient();
            await connection.ConnectAsync(Server.Endpoint!);
            await connection.GetStream().WriteAsync((byte[])[0, 40, 1, 2, 3]);
        }

        Assert.Equal(["10.0.0.1"], await Dig("web.prod.shop.osched", "A"));
        Assert.Equal(["10.0.0.1"], await Dig("web.prod.shop.osched", "A", "+tcp"));
    }

    [Fact]
    public async Task No_more_names_are_followed_than_a_gateway_follows()
    {
        for (var i = 0; i < 300; i++)
            _ = await Server.Answer(Question($"n{i}"), 512, TestContext.Current.CancellationToken);
        Assert.InRange(_node.Services.GetRequiredService<ServiceTable>().Wanted().Length, 200, ServiceTable.MostKnown);
        Assert.True(_node.Gateway.Followed.Count <= ServiceTable.MostKnown);
    }

    [Fact]
    public async Task Without_a_setting_nothing_listens_and_a_port_that_is_taken_stops_no_agent()
    {
        await using var other = await Node.Start();
        Assert.Null(other.Services.GetRequiredService<DnsServer>().Endpoint);
        await using var third = await Node.Start(("Agent:Dns:Listen", Server.Endpoint!.ToString()));
        Assert.Null(third.Services.GetRequiredService<DnsServer>().Endpoint);
        Assert.Equal(1, third.Gateway.Registrations);
    }

    private static byte[] Question(string name) =>
    [
        0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. ((string[])[name, "prod", "shop", "osched"])
            .SelectMany(label => (byte[])[(byte)label.Length, .. System.Text.Encoding.ASCII.GetBytes(label)]),
        0, 0, 1, 0, 1,
    ];

    private async Task<string[]> Dig(string name, string type, params string[] more) =>
        (await DigAll(name, type, ["+short", .. more])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> DigAll(string name, string type, params string[] more)
    {
        var start = new ProcessStartInfo("dig") { UseShellExecute = false, RedirectStandardOutput = true };
        string[] words = ["@127.0.0.1", "-p", $"{Server.Endpoint!.Port}", name, type, "+tries=1", "+time=10", "+noedns", .. more];
        foreach (var word in words) start.ArgumentList.Add(word);
        using var dig = Process.Start(start)!;
        var output = await dig.StandardOutput.ReadToEndAsync();
        await dig.WaitForExitAsync();
        return output;
    }
}
