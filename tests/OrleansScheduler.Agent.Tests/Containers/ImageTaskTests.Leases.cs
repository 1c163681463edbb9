using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <content>Strict tasks in containers end with the node's lease, whoever is there.</content>
public abstract partial class ImageTaskTests
{
    /// <summary>Does not hear, has left a process to itself, and goes on for ever.</summary>
    private protected const string Stubborn =
        "trap '' TERM; setsid sleep 1000 & echo 1 >$OSCHED_SANDBOX/started; while :; do sleep 1; done";

    [Fact]
    public async Task A_strict_container_that_is_cut_off_ends_with_the_lease_and_is_reported_lost()
    {
        var attempt = await StartStrict(6000);

        Node.Gateway.IsMute = true;
        await AllEnd(attempt);

        Node.Gateway.IsMute = false;
        Node.Gateway.Break();
        await Node.Gateway.Reaches(attempt, Status.Lost);
        Assert.Contains("lease", Node.Gateway.LatestOf(attempt)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_container_ends_with_the_lease_while_no_agent_is_there_and_the_next_one_reports_it()
    {
        var attempt = await StartStrict(6000);
        await Node.StopAgent();

        await AllEnd(attempt);

        await Node.StartAgent(All());
        await Node.Gateway.Reaches(attempt, Status.Lost);
        Assert.Contains("lease", Node.Gateway.LatestOf(attempt)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_container_goes_on_while_the_lease_is_renewed_also_under_the_next_agent()
    {
        var attempt = await StartStrict(20_000, Counting + "exit 4");
        await Node.StopAgent();
        await Node.StartAgent(All());
        await Node.Gateway.Connected(2);
        Node.Gateway.LeaseMillis = 700;
        var renewed = Node.Gateway.Heartbeats;
        await Wait.Until(() => Node.Gateway.Heartbeats > renewed + 10, "the lease was renewed for longer than it is");
        Assert.Equal(Status.Running, Node.Gateway.LatestOf(attempt)!.Status);

        await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");

        var end = await Node.Gateway.End(attempt);
        Assert.Equal((Status.Failed, 4), (end.Status, end.ExitCode));
        Assert.Empty(Directory.GetFiles(Path.Combine(Node.State, "expired")));
    }

    [Fact]
    public async Task Whoever_looks_after_a_strict_container_ends_with_it_also_while_no_agent_is_there()
    {
        var attempt = await StartStrict(20_000, Counting + "exit 11");
        var supervisor = Node.SupervisorOf(attempt);
        await Node.StopAgent();

        await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");

        await Wait.Until(() => !Node.IsAlive(supervisor));
        await Node.StartAgent(All());
        Assert.Equal(11, (await Node.Gateway.End(attempt)).ExitCode);
    }

    [Fact]
    public async Task A_strict_container_ends_with_whoever_would_end_it_with_the_lease()
    {
        var attempt = await StartStrict(20_000);

        Posix.Kill(Node.SupervisorOf(attempt), Posix.SigKill);

        await AllEnd(attempt);
        Assert.Equal(Status.Lost, (await Node.Gateway.End(attempt)).Status);
    }

    [Fact]
    public async Task A_strict_container_is_ended_by_its_job_and_nothing_guards_it_any_more()
    {
        var attempt = await StartStrict(20_000);
        var supervisor = Node.SupervisorOf(attempt);

        Node.Gateway.Kill(attempt);

        Assert.Equal(Status.Killed, (await Node.Gateway.End(attempt)).Status);
        Assert.False(Node.IsAlive(supervisor));
        await AllEnd(attempt);
    }

    [Fact]
    public async Task A_strict_container_that_was_accepted_without_a_lease_never_starts()
    {
        var attempt = Node.NextAttempt();
        Node.Gateway.LaunchStrict(attempt, Shell("echo 1 >$OSCHED_SANDBOX/ran"));

        Assert.Equal(Status.Lost, (await Node.Gateway.End(attempt)).Status);
        Assert.Null(Node.SandboxFile(attempt, "ran"));
    }

    private protected async Task HasLease(int millis)
    {
        Node.Gateway.LeaseMillis = millis;
        await Wait.Until(() => Node.Services.GetRequiredService<NodeLease>().Holds, "the node has a lease");
    }

    private protected async Task<AttemptId> StartStrict(int lease, string script = Stubborn)
    {
        // The image is brought before: that must not use the lease up.
        await Node.Gateway.End(Node.Launch(Spec()));
        await HasLease(lease);
        var attempt = Node.NextAttempt();
        Node.Gateway.LaunchStrict(attempt, Shell(script));
        await Node.Gateway.Reaches(attempt, Status.Running);
        if (script == Stubborn) await Node.Number(attempt, "started");
        await Wait.Until(() => Alive(attempt).Length > 0, "its processes are there");
        return attempt;
    }

    private protected Task AllEnd(AttemptId attempt) => Wait.Until(() => Alive(attempt).Length == 0, "its processes end");

    // Everything in a container has its environment from the job.
    private protected ProcessStat[] Alive(AttemptId attempt) =>
        [.. ProcessScan.Now().TreeOf(Node.DirectoryOf(attempt).Sandbox).Where(process => process.StillRuns())];
}
