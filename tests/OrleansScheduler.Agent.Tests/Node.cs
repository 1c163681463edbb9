using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Agent.Tests;

/// <summary>A node for a test: a state directory, a gateway, and one agent after the other.</summary>
internal sealed class Node : IAsyncDisposable
{
    private static readonly JobKey Job = JobKey.Parse("shop/test/web");
    private int _instances;
    private IHost? _agent;

    public string State { get; init; } = Directory.CreateTempSubdirectory("osched-agent-").FullName;

    public required FakeGateway Gateway { get; init; }

    /// <summary>The program that supervises tasks; null for the one that was built.</summary>
    public ShimProgram? Shim { get; init; }

    public IServiceProvider Services => _agent!.Services;

    public static async Task<Node> Start(params (string Key, string Value)[] settings)
    {
        var node = new Node { Gateway = await FakeGateway.Start() };
        await node.StartAgent(settings);
        await node.Gateway.Connected();
        return node;
    }

    public static TaskSpec Shell(string script) => new() { Command = ["/bin/sh", "-c", script] };

    public AttemptId NextAttempt() => new(Job, _instances++, 1);

    public AttemptId Launch(TaskSpec spec, params int[] ports)
    {
        var attempt = NextAttempt();
        Gateway.Launch(attempt, spec, ports);
        return attempt;
    }

    public AttemptDirectory DirectoryOf(AttemptId attempt) => new(State, attempt);

    public string Output(AttemptId attempt, string stream = "stdout", string process = ProcessDriver.MainProcess)
    {
        var directory = DirectoryOf(attempt).Logs(process);
        return string.Concat(LogSegments.StartsOf(directory, stream)
            .Select(start => File.ReadAllText(LogSegments.PathOf(directory, stream, start))));
    }

    public string? SandboxFile(AttemptId attempt, string name)
    {
        var path = Path.Combine(DirectoryOf(attempt).Sandbox, name);
        return File.Exists(path) && File.ReadAllText(path) is { Length: > 0 } text && text.EndsWith('\n') ? text.Trim() : null;
    }

    /// <summary>The number that a task wrote into a file of its sandbox, once it has.</summary>
    public async Task<int> Number(AttemptId attempt, string name)
    {
        await Wait.Until(() => SandboxFile(attempt, name) is not null, $"{attempt} writes {name}");
        return int.Parse(SandboxFile(attempt, name)!, CultureInfo.InvariantCulture);
    }

    public int SupervisorOf(AttemptId attempt) =>
        ProcessStat.Parse(File.ReadAllBytes(DirectoryOf(attempt).Pid))!.Value.Pid;

    public static bool IsAlive(int pid) => ProcessStat.Of(pid) is { IsLive: true };

    public async Task StartAgent(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Agent:NodeId"] = "node-1",
            ["Agent:GatewayUrl"] = Gateway.Url,
            ["Agent:StateDirectory"] = State,
            ["Agent:ReconnectDelay"] = "00:00:00.1",

            // Tests look at tasks from outside by the numbers that those see; what keeps tasks apart has its own tests.
            ["Agent:Isolation:Level"] = "none",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        builder.Logging.ClearProviders();
        builder.Services.AddMetrics();
        if (Shim is { } shim) builder.Services.AddSingleton(shim);
        builder.AddSchedulerAgent();
        _agent = builder.Build();
        await _agent.StartAsync();
    }

    /// <summary>An attempt ends and is forgotten; then there is another agent.</summary>
    public async Task EndsUnderAnAgentBefore(AttemptId attempt)
    {
        await Gateway.End(attempt);
        await Wait.Until(() => Services.GetRequiredService<AttemptTable>().All.IsEmpty);
        await StopAgent();
        await StartAgent();
        await Gateway.Connected(times: 2);
    }

    /// <summary>The journal of a node whose agent was stopped.</summary>
    public NodeJournal OpenJournal() => new(State, File.ReadAllText(Path.Combine(State, "agent.id")).Trim(), "node-1");

    public async Task StopAgent()
    {
        await _agent!.StopAsync();
        _agent.Dispose();
        _agent = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null) await StopAgent();
        foreach (var directory in AttemptDirectory.Enumerate(State))
        {
            var supervisor = File.Exists(directory.Pid) ? ProcessStat.Parse(File.ReadAllBytes(directory.Pid)) : null;
            supervisor?.Signal(Posix.SigKill);

            // The agents of tests share one process, and what one of them has started is that process' to collect.
            await Wait.Until(
                () => supervisor is not { } own || (!own.StillRuns() && SupervisorLauncher.Collect(own.Pid)),
                $"the supervisor of {directory.Attempt} ends");
            foreach (var process in ProcessScan.Now().TreeOf(directory.Sandbox).ToList()) process.Signal(Posix.SigKill);
        }

        LeftGroups.Remove(State);
        await Gateway.DisposeAsync();
        Directory.Delete(State, recursive: true);
    }
}
