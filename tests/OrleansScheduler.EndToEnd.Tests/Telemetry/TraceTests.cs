using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

public sealed class TraceTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task In_one_process_a_trace_leads_from_each_request_through_the_grains_to_its_launch()
    {
        await using var receiver = new TraceReceiver();
        await using var cell = new DevCell(receiver.Settings);
        await cell.InitializeAsync();
        await OneAfterTheOther(cell.Client, receiver, () => cell.Output);
    }

    [Fact]
    public async Task Across_processes_a_trace_leads_from_each_request_through_the_grains_to_its_launch()
    {
        await using var receiver = new TraceReceiver();
        await using var cell = new RoleCell(_directory, settings: receiver.Settings);
        using var client = cell.Client;
        cell.Start("silo", "gateway", "agent");
        await Eventually.True(async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, () => cell.Output);
        await OneAfterTheOther(client, receiver, () => cell.Output);
    }

    /// <summary>
    /// Two jobs that each need the whole node: the second is launched because the first ended, and belongs to its own request all the same.
    /// </summary>
    private async Task OneAfterTheOther(SchedulerClient client, TraceReceiver receiver, Func<string> output)
    {
        await Submit(client, "first");
        await Eventually.True(
            async () => (await client.DescribeJobAsync(new("test", "devel", "first"))).Value?.Counts.ContainsKey("RUNNING") == true,
            30, output);
        await Submit(client, "second");
        _directory.OpenGate();

        ReceivedSpan[][] paths = [];
        await Eventually.True(
            () =>
            {
                paths = PathsToLaunches(receiver.Spans);
                return Task.FromResult(paths.Length == 2 && paths.All(path => path[^1].Name.StartsWith("POST", StringComparison.Ordinal)));
            },
            30, () => string.Join('\n', paths.Select(path => string.Join(" < ", path.Select(span => span.Name)))));
        Assert.All(paths, path =>
        {
            Assert.Equal(("OrleansScheduler.Agent", "task.launch"), (path[0].Source, path[0].Name));
            Assert.Contains(path, span => span.Name.Contains("IJobGrain/Submit", StringComparison.Ordinal));
            Assert.Equal(("Microsoft.AspNetCore", true, ""), (path[^1].Source, path[^1].IsServer, path[^1].Parent));
            Assert.StartsWith("POST /v1/jobs", path[^1].Name, StringComparison.Ordinal);
            Assert.Single(path.Select(span => span.Trace).Distinct());
        });
        Assert.NotEqual(paths[0][0].Trace, paths[1][0].Trace);

        // What nobody asked for is not traced: it would be a trace for every heartbeat and every timer.
        var begins = receiver.Spans.Where(span => span.Parent.Length == 0);
        Assert.DoesNotContain(begins, span => span.Source.StartsWith("Microsoft.Orleans", StringComparison.Ordinal));
        Assert.DoesNotContain(receiver.Spans, span => span.Name.Contains("Heartbeat", StringComparison.Ordinal));
    }

    /// <summary>Every launch and all that it is part of, innermost first.</summary>
    private static ReceivedSpan[][] PathsToLaunches(IReadOnlyCollection<ReceivedSpan> spans)
    {
        var byId = spans.ToLookup(span => span.Id);
        return [.. spans.Where(span => span.Name == "task.launch").Select(Path)];

        ReceivedSpan[] Path(ReceivedSpan launch)
        {
            var path = new List<ReceivedSpan>();
            for (var span = launch; span is not null; span = byId[span.Parent].FirstOrDefault()) path.Add(span);
            return [.. path];
        }
    }

    private async Task Submit(SchedulerClient client, string name)
    {
        var file = $$"""
            job: {{name}}
            role: test
            env: devel
            type: batch
            task:
              command: 'until [ -e {{_directory.Gate}} ]; do sleep 0.2; done'
              resources: { cpu: 2, memory: 8MiB }
            """;
        Assert.Null((await client.SubmitJobsAsync(JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes(file)))).Problem);
    }
}
