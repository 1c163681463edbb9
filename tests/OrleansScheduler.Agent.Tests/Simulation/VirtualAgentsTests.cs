namespace OrleansScheduler.Agent.Tests;

public sealed class VirtualAgentsTests
{
    private static readonly AttemptId Attempt = new(new("sim0", "test", "load"), 0, 1);

    [Fact]
    public async Task A_virtual_agent_speaks_to_a_gateway_as_a_real_one_and_comes_back_after_a_cut()
    {
        await using var gateway = await FakeGateway.Start();
        var jobs = new SimulatedJobs(TimeProvider.System);
        await using var agents = new VirtualAgents(new(gateway.Url), jobs, new(), TimeProvider.System);
        agents.Start([new NodeDescription { Id = "sim-0", Host = "simulated", Capacity = new(1000, 1024, 0, 0) }]);
        await gateway.Connected();
        await Wait.Until(() => agents.Registered == 1);
        gateway.Launch(Attempt, new() { Command = ["true"] });
        await gateway.Reaches(Attempt, Status.Running);
        await Wait.Until(() => gateway.LastHeartbeat is { Digest: not 0 });

        gateway.Break();
        await gateway.Connected(times: 2);
        Assert.Equal(Status.Running, Assert.Single(gateway.LastRegister!.Attempts).Status);
        gateway.Kill(Attempt);
        await gateway.Reaches(Attempt, Status.Killed);
    }

    [Fact]
    public async Task A_refusal_for_good_is_told()
    {
        await using var gateway = await FakeGateway.Start();
        gateway.AnswerRegister = _ => new() { Refused = new() { Code = "node-id", Message = "no such node", Retry = false } };
        await using var agents = new VirtualAgents(new(gateway.Url), new(TimeProvider.System), new(), TimeProvider.System);
        agents.Start([new NodeDescription { Id = "sim-0", Host = "simulated", Capacity = new(1000, 1024, 0, 0) }]);
        await Wait.Until(() => agents.Refusal is not null);
        Assert.Equal((0, "no such node"), (agents.Registered, agents.Refusal));
    }
}
