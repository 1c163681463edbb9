using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <summary>The supervisor where no compiler made machine code of it.</summary>
public sealed class ShimProgramTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-shim-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Machine_code_is_taken_where_there_is_some() => Assert.True(new ShimProgram(AppContext.BaseDirectory).IsNative);

    [Fact]
    public void A_program_that_is_missing_is_named() =>
        Assert.Contains(
            "osched-shim", Assert.Throws<AgentStartException>(() => new ShimProgram(_directory)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_same_supervisor_runs_on_the_runtime()
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "osched-shim.*").Where(Path.HasExtension))
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        var shim = new ShimProgram(_directory);
        Assert.False(shim.IsNative);
        await using var node = new Node { Gateway = await FakeGateway.Start(), Shim = shim };
        await node.StartAgent(("Agent:Isolation:Level", "auto"));
        await node.Gateway.Connected();

        var ended = node.Launch(Node.Shell("id -un; exit 7"));
        Assert.Equal(7, (await node.Gateway.End(ended)).ExitCode);
        Assert.Equal("nobody\n", node.Output(ended));

        var killed = node.Launch(Node.Shell("trap 'exit 5' TERM; echo 1 >ready; while :; do sleep 0.05; done"));
        await node.Number(killed, "ready");
        await node.StopAgent();
        await node.StartAgent(("Agent:Isolation:Level", "auto"));
        await node.Gateway.Connected(2);
        node.Gateway.Kill(killed);
        Assert.Equal(Status.Killed, (await node.Gateway.End(killed)).Status);
    }
}
