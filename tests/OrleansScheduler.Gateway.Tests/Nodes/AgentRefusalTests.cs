using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using OrleansScheduler.Contracts.Protocol;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Gateway.Tests;

public sealed class AgentRefusalTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly FakeAgents _agents = fixture.Cell.Agents;

    public static TheoryData<string, Action<Register>> BadRegistrations => new()
    {
        { "node_id", message => message.NodeId = "../etc" },
        { "node_id", message => message.NodeId = "" },
        { "host", message => message.Host = "a\nb" },
        { "host", message => message.Host = "" },
        { "boot_id", message => message.BootId = new('b', 256) },
        { "capacity", message => message.Capacity = null },
        { "capacity", message => message.Capacity.CpuMillis = -1 },
        { "capacity", message => message.Capacity.MemoryMib = 1L << 50 },
        { "ports", message => message.FirstPort = 0 },
        { "ports", message => (message.FirstPort, message.PortCount) = (65_000, 1000) },
        { "ports", message => message.PortCount = -1 },
        { "attributes", message => message.Attributes.Add("bad name", new AttributeValues { Values = { "x" } }) },
        { "attributes", message => message.Attributes.Add("empty", new AttributeValues()) },
        { "attributes", message => message.Attributes.Add("long", new AttributeValues { Values = { new string('v', 256) } }) },
        { "reserved", message => message.Reserved.Add("a//b", new() { CpuMillis = 1 }) },
        { "reserved", message => message.Reserved.Add("shop", new()) },
        { "reserved", message => message.Reserved.Add("shop", new() { CpuMillis = 1, DiskMib = -1 }) },
        { "reserved", message => message.Reserved.Add("shop", new() { CpuMillis = long.MaxValue }) },
        { "custom", message => message.Custom.Add("bandwidth", 0) },
        { "custom", message => message.Custom.Add("memory", 1) },
        { "custom", message => message.Custom.Add("bandwidth", long.MaxValue) },
        { "custom", message => message.Sets.Add("fpga", new AttributeValues()) },
        { "custom", message => message.Sets.Add("fpga", new AttributeValues { Values = { "f0", "f0" } }) },
        { "overcommit", message => message.Overcommit = 0.5 },
        { "overcommit", message => message.Overcommit = double.NaN },
        { "attempts", message => message.Attempts.Add(FakeAgent.Report("not-a-key", 0, 1, Status.Running)) },
        { "attempts", message => message.Attempts.Add(FakeAgent.Report("shop/prod/web", -1, 1, Status.Running)) },
        { "attempts", message => message.Attempts.Add(FakeAgent.Report("shop/prod/web", 0, -1, Status.Running)) },
        { "attempts", message => message.Attempts.Add(FakeAgent.Report("shop/prod/web", 0, 1, Status.Unspecified)) },
        { "attempts", message => message.Attempts.Add(new Report { Sequence = 1, Status = Status.Running }) },
    };

    [Theory, MemberData(nameof(BadRegistrations), DisableDiscoveryEnumeration = true)]
    public async Task A_registration_that_breaks_a_rule_is_refused_for_good(string field, Action<Register> spoil)
    {
        await using var agent = FakeAgent.Connect(fixture.Gateway);
        var message = FakeAgent.Registration("malformed");
        spoil(message);
        await agent.Send(new() { Register = message });
        var refused = (await agent.Read()).Refused;
        Assert.Equal(("invalid-registration", false), (refused.Code, refused.Retry));
        Assert.Contains($"'{field}'", refused.Message);
        Assert.Equal(StatusCode.OK, await agent.End());
        Assert.False(_agents.Registered.ContainsKey("malformed"));
    }

    [Fact]
    public async Task The_first_message_must_be_a_registration()
    {
        await using var agent = FakeAgent.Connect(fixture.Gateway);
        await agent.Send(new() { Heartbeat = new() { Generation = 1 } });
        Assert.Equal(("register-expected", false), (await agent.Read()).Refused is { } refused ? (refused.Code, refused.Retry) : default);
    }

    [Fact]
    public async Task An_agent_that_does_not_register_is_not_waited_for()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await GatewayHost.Start(fixture.Client, time);
        await using var agent = FakeAgent.Connect(gateway);
        var reading = agent.Read();
        await Requests.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return reading.IsCompleted;
            },
            "the agent was refused");
        Assert.Equal(("register-expected", true), (await reading).Refused is { } refused ? (refused.Code, refused.Retry) : default);
    }

    [Fact]
    public async Task What_the_node_refuses_is_refused_with_its_reason()
    {
        _agents.Refusals["unwanted"] = Problem.Of(ProblemKind.Unavailable, "ledger-unavailable", "Come back later.");
        await using var agent = FakeAgent.Connect(fixture.Gateway);
        await agent.Send(new() { Register = FakeAgent.Registration("unwanted") });
        Assert.Equal(
            ("ledger-unavailable", "Come back later.", true),
            (await agent.Read()).Refused is { } refused ? (refused.Code, refused.Message, refused.Retry) : default);
    }

    [Theory, InlineData(99), InlineData(0)]
    public async Task Messages_of_another_generation_end_the_session(long generation)
    {
        var (agent, _) = await FakeAgent.Register(fixture.Gateway, $"stale-{generation}");
        await using var own = agent;
        await agent.Send(new() { Heartbeat = new() { Generation = generation } });
        Assert.Equal("unexpected-message", (await agent.Read()).Refused.Code);
        Assert.Equal(StatusCode.OK, await agent.End());
    }

    [Fact]
    public async Task A_malformed_report_ends_the_session_for_good()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "garbled");
        await using var own = agent;
        await agent.Report(registered, FakeAgent.Report("nonsense", 0, 1, Status.Running));
        Assert.Equal(("invalid-report", false), (await agent.Read()).Refused is { } refused ? (refused.Code, refused.Retry) : default);
        Assert.DoesNotContain(_agents.Reports, item => item.Node == "garbled");
    }
}
