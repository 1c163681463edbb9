using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>Containers of an engine that must never run twice, in a whole cell whose agent is killed or paused.</summary>
[Collection(nameof(PodmanService))]
public sealed class StrictContainerTests(PodmanService podman) : IAsyncLifetime
{
    private static readonly JobKey Key = new("shop", "test", "strict");
    private readonly TestDirectory _directory = new();
    private RoleCell _cell = null!;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PodmanService.Missing is not null, PodmanService.Missing ?? "");
        _cell = new(_directory, settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Agent__Container__Socket"] = podman.Socket,
            ["Agent__Container__Images"] = podman.Directory,
            ["Cell__Lease"] = "00:00:06",
        });
        _cell.Start("silo", "gateway", "agent");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_cell is not null) await _cell.DisposeAsync();
        _directory.Dispose();
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_strict_container_ends_with_the_lease_of_an_agent_that_was_killed_or_paused_and_runs_again_later(bool pause)
    {
        await Submit();

        // On a busy machine the first one may not get so far within the lease.
        var first = await Runs(after: 0);

        if (pause) _cell.Pause("agent");
        else await _cell.Kill("agent");

        await Eventually.True(() => Task.FromResult(Processes(first).Length == 0), 60, () => _cell.Output);

        if (pause) _cell.Resume("agent");
        else _cell.Start("agent");
        var second = await Runs(first);
        Assert.Empty(Processes(first));
        Assert.Empty((await _cell.Client.StopJobAsync(Key)).Problem?.Message ?? "");
        await Eventually.True(() => Task.FromResult(Processes(second).Length == 0), 60, () => _cell.Output);
    }

    private async Task Submit()
    {
        var file = $$"""
            job: strict
            role: shop
            env: test
            type: service
            partition: { strict: true, reschedule: true }
            task:
              driver: container
              image: oci-archive:{{podman.Archive}}
              command: trap '' TERM; while :; do sleep 1; done
              resources: { cpu: 0.1, memory: 16MiB }
              kill: { grace: 1s }
            """;
        await Eventually.True(
            async () => (await _cell.Client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, () => _cell.Output);
        var answer = await _cell.Client.SubmitJobsAsync(JobFileBody.Of("strict.yaml", Encoding.UTF8.GetBytes(file)));
        Assert.True(answer.Problem is null, $"{answer.Problem}\n{_cell.Output}");
    }

    /// <summary>Waits until a later attempt runs, and returns its number.</summary>
    private async Task<int> Runs(int after)
    {
        var found = 0;
        await Eventually.True(
            async () =>
            {
                found = (await _cell.Client.ListJobTasksAsync(Key, limit: 10)).Value?.Items
                    .FirstOrDefault(task => task.Attempt > after && task.Status == ScheduleStatus.Running)?.Attempt ?? 0;
                return found > 0 && Processes(found).Length > 0;
            }, 90, () => _cell.Output);
        return found;
    }

    /// <summary>Processes of an attempt: they have its sandbox in their environment.</summary>
    private string[] Processes(int attempt)
    {
        var sandbox = Encoding.UTF8.GetBytes($"OSCHED_SANDBOX={_directory.State}/agent/attempts/shop~test~strict~0~{attempt}/sandbox");
        return [.. Directory.EnumerateDirectories("/proc").Where(place => Environment(place).AsSpan().IndexOf(sandbox) >= 0)];

        static byte[] Environment(string place)
        {
            try
            {
                return File.ReadAllBytes(Path.Combine(place, "environ"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return [];
            }
        }
    }
}
