using System.Diagnostics.Metrics;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using OrleansScheduler.Contracts.Protocol;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Gateway.Tests;

public sealed class AgentSessionTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static readonly JobKey Web = JobKey.Parse("shop/prod/web");
    private readonly FakeAgents _agents = fixture.Cell.Agents;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Commands_reach_the_agent_whether_the_gateway_has_a_silo_or_not(bool inSilo)
    {
        var node = $"commanded-{inSilo}";
        await using var own = inSilo ? await GatewayHost.Start(fixture.SiloGrains) : null;
        var (agent, registered) = await FakeAgent.Register(own ?? fixture.Gateway, node);
        await using var _ = agent;
        Assert.Equal(1000, registered.HeartbeatMillis);
        Assert.Equal(
            (4000L, "r1"), (_agents.Registered[node].Capacity.CpuMillis, Assert.Single(_agents.Registered[node].Attributes["rack"])));

        var spec = new TaskSpec { Command = ["sleep", "60"], Ports = ["http"] };
        var grain = fixture.Client.GetGrain<INodeGrain>(node);
        Assert.True((await grain.Launch(new()
        {
            Job = Web,
            LedgerEpoch = 9,
            Specs = ImmutableSortedDictionary<int, TaskSpec>.Empty.Add(2, spec),
            Attempts = [new(new(0, 1), 2, [31_000]), new(new(1, 4), 2, [31_001]) { Devices = [0, 2], Items = ["fpga=f1"] }],
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        })).Sent);
        var launch = Assert.Single((await agent.Read()).Commands.Launches);
        Assert.Equal(("shop/prod/web", 9L, 2), (launch.Job, launch.LedgerEpoch, launch.Attempts.Count));
        Assert.Equal(
            (1, 4, 2, 31_001),
            (launch.Attempts[1].Instance, launch.Attempts[1].Number, launch.Attempts[1].Version, Assert.Single(launch.Attempts[1].Ports)));
        Assert.Empty(launch.Attempts[0].Devices);
        Assert.Equal([0, 2], launch.Attempts[1].Devices);
        Assert.Equal(["fpga=f1"], launch.Attempts[1].Items);
        Assert.Equal(spec, JsonSerializer.Deserialize<TaskSpec>(launch.Specs[2], WireJson.Options));
        Assert.StartsWith("00-0af7", launch.TraceParent);

        Assert.True(await grain.Kill(new(Web, 10, [new(1, 4)])));
        var kill = Assert.Single((await agent.Read()).Commands.Kills);
        Assert.Equal(("shop/prod/web", 10L, 4), (kill.Job, kill.LedgerEpoch, Assert.Single(kill.Attempts).Number));
    }

    [Fact]
    public async Task What_a_node_sets_aside_and_has_besides_is_believed()
    {
        await using var agent = FakeAgent.Connect(fixture.Gateway);
        var message = FakeAgent.Registration("declared");
        message.Reserved.Add("eng/web", new() { CpuMillis = 1000 });
        message.Custom.Add("bandwidth", 500);
        message.Sets.Add("fpga", new AttributeValues { Values = { "f0", "f1" } });
        message.Overcommit = 1.5;
        await agent.Send(new() { Register = message });
        Assert.NotNull((await agent.Read()).Registered);

        var node = _agents.Registered["declared"];
        Assert.Equal([new("eng/web", new(1000, 0, 0, 0))], node.Reserved);
        Assert.Equal([new("bandwidth", 500)], node.Custom.Scalars);
        Assert.Equal(["f0", "f1"], node.Custom.Sets["fpga"]);
        Assert.Equal(1.5, node.Overcommit);
    }

    [Fact]
    public async Task An_agent_is_told_the_services_that_it_follows_as_long_as_it_does()
    {
        fixture.Cell.AddNode("n1");
        var job = fixture.Cell.AddJob("shop/agent/web", 2, (instance, task) => instance == 1 ? task with { Node = "nowhere" } : task);
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "follower");
        await using var own = agent;
        Assert.Contains("services", registered.Reads);
        await agent.Send(
            new() { FollowServices = new() { Services = { "shop/agent/web", "shop/agent/nobody", "no key", "shop/agent/web" } } });
        var told = new[] { await Told(), await Told() }.ToDictionary(state => state.Service);
        var endpoint = Assert.Single(told["shop/agent/web"].Endpoints);
        Assert.Equal((0, 1, "n1", 31_000), (endpoint.Instance, endpoint.Attempt, endpoint.Host, endpoint.Ports["http"]));
        Assert.False(told["shop/agent/nobody"].Exists);

        fixture.Cell.Tasks[job.Key] = [];
        fixture.Cell.Feed.Publish(new EventView { Kind = "task", Job = job.Key, Status = "KILLED" });
        Assert.Equal(("shop/agent/web", true, 0), await Told() is var gone ? (gone.Service, gone.Exists, gone.Endpoints.Count) : default);

        // Whoever leaves the list is heard of no more; whoever comes back is told at once.
        await agent.Send(new() { FollowServices = new() { Services = { "shop/agent/nobody" } } });
        await agent.Send(new() { FollowServices = new() { Services = { "shop/agent/nobody", "shop/agent/web" } } });
        Assert.Equal("shop/agent/web", (await Told()).Service);

        async Task<ServiceState> Told() => Assert.Single((await agent.Read(ToAgent.BodyOneofCase.Services)).Services.Services_);
    }

    [Fact]
    public async Task An_agent_may_name_more_services_than_it_is_told_of()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "greedy");
        await using var own = agent;
        await agent.Send(new() { FollowServices = new() { Services = { Enumerable.Range(0, 300).Select(i => $"shop/greedy/s{i}") } } });
        var told = new HashSet<string>();
        for (var i = 0; i < AgentServices.MaxFollowed; i++)
            told.Add(Assert.Single((await agent.Read(ToAgent.BodyOneofCase.Services)).Services.Services_).Service);
        Assert.Equal(AgentServices.MaxFollowed, told.Count);
        await agent.Report(registered, FakeAgent.Report("shop/prod/web", 0, 1, Status.Running));
        Assert.NotNull((await agent.Read(ToAgent.BodyOneofCase.Acks)).Acks);
    }

    [Fact]
    public async Task What_an_agent_has_measured_reaches_its_node_and_what_is_wrong_with_it_does_no_harm()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "measured");
        await using var own = agent;
        Assert.Contains("usage", registered.Reads);
        await agent.Send(new()
        {
            Usage = new()
            {
                Generation = registered.Generation,
                AtUnixMillis = 1_700_000_000_000,
                CpuMillis = 1500,
                MemoryMib = 2048,
                DiskFreeMib = 77,
                DiskPressure = true,
                Unused = new() { CpuMillis = 250 },
                Tasks =
                {
                    new Contracts.Protocol.TaskUse { Attempt = new() { Job = "no key" } },
                    new Contracts.Protocol.TaskUse
                    {
                        Attempt = new() { Job = "shop/prod/web", Instance = 3, Number = 2 },
                        CpuMillis = 400,
                        CpuTimeMicros = 5_000_000,
                        MemoryBytes = 1024,
                        Processes = 2,
                        DiskBytes = 4096,
                    },
                    new Contracts.Protocol.TaskUse
                    {
                        Attempt = new() { Job = "shop/prod/web", Instance = 4, Number = 1 },
                        CpuTimeMicros = long.MaxValue,
                    },
                },
            },
        });
        await Requests.Until(() => _agents.Usages.ContainsKey("measured"), "the node knows what it uses");
        var usage = _agents.Usages["measured"];
        var node = usage.Node;
        Assert.Equal(
            (1500, 2048, 77, true, 250), (node.CpuMillis, node.MemoryMiB, node.DiskFreeMiB, node.DiskPressure, node.Unused.CpuMillis));
        Assert.Equal(
            [new(new("shop", "prod", "web"), 3, 2), new(new("shop", "prod", "web"), 4, 1)], usage.Tasks.Select(use => use.Attempt));
        Assert.Equal((400, TimeSpan.FromSeconds(5), 4096), (usage.Tasks[0].CpuMillis, usage.Tasks[0].CpuTime, usage.Tasks[0].DiskBytes));
        Assert.Null(usage.Tasks[1].CpuMillis);
        Assert.Null(usage.Tasks[1].DiskBytes);
    }

    [Fact]
    public async Task An_agent_that_says_nothing_of_the_kind_has_nothing_of_the_kind()
    {
        var (agent, _) = await FakeAgent.Register(fixture.Gateway, "plain");
        await using var own = agent;
        var node = _agents.Registered["plain"];
        Assert.Equal((0, 0, 0, 1), (node.Reserved.Count, node.Custom.Scalars.Count, node.Custom.Sets.Count, node.Overcommit));
    }

    [Fact]
    public async Task Big_batches_are_cut_into_messages_that_an_agent_takes()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "big");
        await using var _ = agent;
        var spec = new TaskSpec { Command = ["echo", new('x', 400_000)] };
        var launches = Enumerable.Range(0, 8).Select(number => new LaunchBatch
        {
            Job = JobKey.Parse($"big/prod/job-{number}"),
            Specs = ImmutableSortedDictionary<int, TaskSpec>.Empty.Add(1, spec),
            Attempts = [new(new(0, 1), 1, [])],
        }).ToImmutableArray();
        await _agents.Sessions["big"].Deliver(new() { Generation = registered.Generation, Launches = launches });
        var jobs = new List<string>();
        while (jobs.Count < launches.Length)
        {
            var message = await agent.Read();
            Assert.True(message.CalculateSize() < 2 * 1024 * 1024);
            jobs.AddRange(message.Commands.Launches.Select(launch => launch.Job));
        }

        Assert.Equal(launches.Select(launch => launch.Job.ToString()), jobs);
    }

    [Fact]
    public async Task What_the_agent_knows_at_its_registration_is_passed_on_and_acknowledged()
    {
        var (agent, registered) = await FakeAgent.Register(
            fixture.Gateway, "knowing", FakeAgent.Report("shop/prod/web", 3, 5, Status.Running));
        await using var _ = agent;
        var ack = Assert.Single(registered.Acks);
        Assert.Equal(("shop/prod/web", 3, 1, 5L), (ack.Attempt.Job, ack.Attempt.Instance, ack.Attempt.Number, ack.Sequence));
    }

    [Fact]
    public async Task Reports_are_passed_on_in_order_and_acknowledged()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "reporting");
        await using var _ = agent;
        var last = FakeAgent.Report("shop/prod/web", 0, 3, Status.Failed);
        (last.ExitCode, last.Message) = (7, "out of luck");
        foreach (var (sequence, status) in new[] { (1, Status.Starting), (2, Status.Running) })
            await agent.Report(registered, FakeAgent.Report("shop/prod/web", 0, sequence, status));
        await agent.Report(registered, last);
        foreach (var sequence in new long[] { 1, 2, 3 })
            Assert.Equal(sequence, Assert.Single((await agent.Read(ToAgent.BodyOneofCase.Acks)).Acks.Acks_).Sequence);

        var reports = _agents.Reports.Where(item => item.Node == "reporting").Select(item => item.Report).ToArray();
        Assert.Equal([ScheduleStatus.Starting, ScheduleStatus.Running, ScheduleStatus.Failed], reports.Select(report => report.Status));
        Assert.Equal((7, null, "out of luck"), (reports[2].ExitCode, reports[2].Signal, reports[2].Message));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000), reports[2].At);
    }

    [Fact]
    public async Task A_slow_report_holds_up_no_heartbeat()
    {
        var release = new TaskCompletionSource();
        _agents.BeforeReport["slow"] = () => release.Task;
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "slow");
        await using var _ = agent;
        await agent.Report(registered, FakeAgent.Report("shop/prod/web", 0, 1, Status.Running));
        await agent.Send(new() { Heartbeat = new() { Generation = registered.Generation, Digest = 42 } });
        var reply = (await agent.Read()).HeartbeatReply;
        Assert.Equal((true, true), (reply.Known, reply.InSync));
        release.SetResult();
        Assert.Equal(ToAgent.BodyOneofCase.Acks, (await agent.Read()).BodyCase);
    }

    [Fact]
    public async Task Unequal_digests_and_forgotten_sessions_are_told()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "forgotten");
        await using var _ = agent;
        await agent.Send(new() { Heartbeat = new() { Generation = registered.Generation, Digest = 1 } });
        Assert.Equal((true, false), ((await agent.Read()).HeartbeatReply is { } first ? (first.Known, first.InSync) : default));
        _agents.Forgotten["forgotten"] = true;
        await agent.Send(new() { Heartbeat = new() { Generation = registered.Generation, Digest = 42 } });
        Assert.False((await agent.Read()).HeartbeatReply.Known);
        Assert.Equal(StatusCode.OK, await agent.End());
    }

    [Fact]
    public async Task A_report_that_the_cell_cannot_take_ends_the_session_unacknowledged()
    {
        _agents.BeforeReport["failing"] = () => throw new InvalidOperationException("a secret detail");
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "failing");
        await using var _ = agent;
        await agent.Report(registered, FakeAgent.Report("shop/prod/web", 0, 1, Status.Running));
        Assert.Equal(StatusCode.Unavailable, await agent.End());
        await Requests.Until(
            () => _agents.Disconnected.Contains(("failing", registered.Generation)), "the node knows that the session is over");
    }

    [Fact]
    public async Task Output_is_asked_of_the_agent_and_holds_up_no_command()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "output");
        await using var _ = agent;
        var session = _agents.Sessions["output"];
        var reading = session.ReadLog(new(Web, 2, 3), new(3, "stderr", -100, 4096));
        var question = (await agent.Read()).ReadLog;
        Assert.Equal(
            ("shop/prod/web", 2, 3, "stderr", -100L, 4096),
            (
                question.Attempt.Job, question.Attempt.Instance, question.Attempt.Number, question.Stream, question.Offset,
                question.MaxBytes));

        await session.Deliver(new() { Generation = registered.Generation, Kills = [new(Web, 1, [new(0, 1)])] });
        Assert.Single((await agent.Read()).Commands.Kills);

        await agent.Send(
            new() { LogData = new() { Request = question.Request, Offset = 900, Data = ByteString.CopyFromUtf8("boom"), Ended = true } });
        var chunk = (await reading).Value!;
        Assert.Equal(
            (3, 900L, "boom", true), (chunk.Attempt, chunk.Offset, System.Text.Encoding.UTF8.GetString(chunk.Data.AsSpan()), chunk.Ended));
    }

    [Fact]
    public async Task An_agents_problem_with_output_is_passed_on()
    {
        var (agent, _) = await FakeAgent.Register(fixture.Gateway, "no-output");
        await using var own = agent;
        var reading = _agents.Sessions["no-output"].ReadLog(new(Web, 0, 1), new(1, "stdout", 0, 1));
        var question = (await agent.Read()).ReadLog;
        await agent.Send(
            new() { LogData = new() { Request = question.Request, ProblemCode = "log-not-found", ProblemMessage = "It was removed." } });
        Assert.Equal("log-not-found", (await reading).Problem?.Code);
    }

    [Fact]
    public async Task A_question_that_the_agent_does_not_answer_times_out()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await GatewayHost.Start(fixture.Client, time);
        var (agent, _) = await FakeAgent.Register(gateway, "mute");
        await using var own = agent;
        var reading = _agents.Sessions["mute"].ReadLog(new(Web, 0, 1), new(1, "stdout", 0, 1));
        Assert.NotNull((await agent.Read()).ReadLog);
        await Requests.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return reading.IsCompleted;
            },
            "the question was given up");
        Assert.Equal("agent-timeout", (await reading).Problem?.Code);
    }

    [Fact]
    public async Task A_newer_session_takes_the_nodes_place()
    {
        var (older, first) = await FakeAgent.Register(fixture.Gateway, "twice");
        await using var oldest = older;
        var (newer, second) = await FakeAgent.Register(fixture.Gateway, "twice");
        await using var newest = newer;
        Assert.True(second.Generation > first.Generation);
        var refused = (await older.Read(ToAgent.BodyOneofCase.Refused)).Refused;
        Assert.Equal(("session-closed", true), (refused.Code, refused.Retry));
        Assert.Equal(StatusCode.OK, await older.End());
        await Requests.Until(() => _agents.Disconnected.Contains(("twice", first.Generation)), "the older session is over");

        await newer.Send(new() { Heartbeat = new() { Generation = second.Generation, Digest = 42 } });
        Assert.True((await newer.Read()).HeartbeatReply.Known);
    }

    [Fact]
    public async Task An_agent_that_leaves_is_told_to_the_node_and_deliveries_fail()
    {
        var (agent, registered) = await FakeAgent.Register(fixture.Gateway, "leaving");
        await using var own = agent;
        var session = _agents.Sessions["leaving"];
        await agent.Leave();
        Assert.Equal(StatusCode.OK, await agent.End());
        await Requests.Until(() => _agents.Disconnected.Contains(("leaving", registered.Generation)), "the node knows");
        await Assert.ThrowsAnyAsync<Exception>(() => session.Deliver(new() { Generation = registered.Generation }));
    }

    [Fact]
    public async Task Connected_agents_are_counted()
    {
        await using var gateway = await GatewayHost.Start(fixture.Client);
        var connected = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == gateway.Services.GetRequiredService<IMeterFactory>()) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            if (instrument.Name == "scheduler.gateway.agents") Interlocked.Add(ref connected, value);
        });
        listener.Start();
        var (agent, _) = await FakeAgent.Register(gateway, "counted");
        Assert.Equal(1, Interlocked.Read(ref connected));
        await agent.DisposeAsync();
        await Requests.Until(() => Interlocked.Read(ref connected) == 0, "the agent is counted out");
    }
}
