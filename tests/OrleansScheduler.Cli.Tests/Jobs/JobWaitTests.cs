using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class JobWaitTests
{
    [Fact]
    public async Task Waiting_ends_with_zero_when_the_batch_has_finished_and_tells_programs_how_it_went()
    {
        await using var gateway = await GatewayOfAsync("pending", "running", "running", "finished");
        var outcome = await CommandLine.RunAsync(gateway, new Surroundings { Input = Canned.JobFile }, "job", "run", "-", "--wait");
        Assert.Equal(0, outcome.Code);
        var phases = outcome.Error.TrimEnd().Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("phase").GetString());
        Assert.Equal(["pending", "running", "finished"], phases);
    }

    [Fact]
    public async Task Waiting_ends_with_one_when_the_job_failed()
    {
        await using var gateway = await GatewayOfAsync("running", "failed");
        var outcome = await CommandLine.RunAsync(gateway, new Surroundings { Input = Canned.JobFile }, "job", "run", "-", "--wait");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("osched: shop/prod/web: some instances failed for good", outcome.Error);
    }

    [Fact]
    public async Task Waiting_too_long_ends_with_124()
    {
        await using var gateway = await GatewayOfAsync("pending");
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile }, "job", "run", "-", "--wait", "--timeout", "300ms");
        Assert.Equal(124, outcome.Code);
        Assert.Contains("still waiting for shop/prod/web", outcome.Error);
    }

    [Fact]
    public async Task People_see_one_line_that_is_kept_current()
    {
        await using var gateway = await GatewayOfAsync("pending", "running", "finished");
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile, IsTerminal = true }, "job", "run", "-", "--wait");
        Assert.Equal(0, outcome.Code);
        Assert.Equal(2, outcome.Error.Split("\e[1A\e[2K").Length - 1);
    }

    [Fact]
    public async Task Interrupting_the_wait_ends_with_130()
    {
        using var interrupt = new CancellationTokenSource();
        await using var gateway = await StubGateway.StartAsync(async (context, before) =>
        {
            if (before == 1) await interrupt.CancelAsync();
            await StubGateway.WriteAsync(context, before == 0 ? Canned.Receipt : Job("running", before));
        });
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile, Interrupt = interrupt.Token }, "job", "run", "-", "--wait");
        Assert.Equal(130, outcome.Code);
    }

    /// <summary>Takes the submit, then shows the job in one phase after the other; the last one stays.</summary>
    private static Task<StubGateway> GatewayOfAsync(params string[] phases) =>
        StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(
        context, before == 0 ? Canned.Receipt : Job(phases[Math.Min(before, phases.Length) - 1], Math.Min(before, phases.Length))));

    private static string Job(string phase, int revision) => $$$"""
        {"key":"shop/prod/web","type":"batch","phase":"{{{phase}}}","instances":3,"version":1,"counts":{"RUNNING":1,"PENDING":2},
         "createdAt":"2026-01-02T03:04:05Z","changedAt":"2026-01-02T03:04:05Z","revision":{{{revision}}},
         "spec":{"job":"web","role":"shop","env":"prod","type":"batch","instances":3,"task":{"command":["true"]} } }
        """;
}
