namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>Readiness in a real cell: what runs and is not ready gets no work, and no update goes past it.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private static readonly JobKey Key = new("shop", "test", "warm");

    // The test says what is ready by files that it shares with the tasks.
    private readonly DevCell _cell = new(ImmutableDictionary<string, string>.Empty.Add("Agent__Isolation__Level", "none"));

    public ValueTask InitializeAsync() => _cell.InitializeAsync();

    public ValueTask DisposeAsync() => _cell.DisposeAsync();

    [Fact]
    public async Task A_service_is_reached_and_updated_only_where_it_is_ready()
    {
        await _cell.Submit(Job("v1"));
        await _cell.Until(Key, job => job is { NotReady: 2, Phase: JobPhase.Pending });
        Assert.Empty((await _cell.Client.DescribeServiceAsync(Key)).Value!.Instances);
        Assert.Matches("2 RUNNING.*2 not ready", (await _cell.Run($"job status {Key}")).Output);
        Assert.Contains("RUNNING, not ready", (await _cell.Run($"task status {Key}/1")).Output, StringComparison.Ordinal);
        Assert.Contains("2 are not ready", (await _cell.Run($"explain {Key}")).Output, StringComparison.Ordinal);

        Touch("v1-1");
        await Reaches(1);
        Touch("v1-0");
        await Reaches(0, 1);
        await _cell.Until(Key, job => job is { NotReady: 0, Phase: JobPhase.Running });

        // It takes no work for a while, and runs on.
        File.Delete(PathOf("v1-1"));
        await Reaches(0);
        Touch("v1-1");
        await Reaches(0, 1);
        Assert.Equal([1, 1], (await _cell.Client.ListTasksAsync(new() { Job = Key })).Value!.Items.Select(task => task.Attempt));

        // The next version never gets ready: the update says so and goes back.
        await _cell.Submit(Job("v2"));
        var job = await _cell.Until(Key, job => job is { Update.Status: "ROLLED_BACK", Phase: JobPhase.Running });
        Assert.Equal("Latest failure: instance 0 runs but was not ready in time.", job.Update!.Message);
        await Reaches(0, 1);
    }

    private string PathOf(string name) => Path.Combine(_cell.Directory.Path, name);

    private void Touch(string name) => File.WriteAllText(PathOf(name), "");

    private Task Reaches(params int[] instances) => Eventually.True(
        async () => (await _cell.Client.DescribeServiceAsync(Key)).Value!.Instances.Select(one => one.Instance).SequenceEqual(instances),
        30, () => _cell.Output);

    private string Job(string version) => $$"""
        job: warm
        role: shop
        env: test
        type: service
        instances: 2
        task:
          command: [sleep, "3600"]
          env: { VERSION: {{version}} }
          resources: { cpu: 0.05, memory: 8MiB }
          health:
            readiness: { command: [test, -e, "{{PathOf(version)}}-${INSTANCE}"] }
            initial-delay: 2s
            interval: 200ms
            timeout: 5s
        update: { watch: 1s }
        """;
}
