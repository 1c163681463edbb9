using System.Net;
using System.Text;
using System.Text.Json;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>Aurora's cases about its API, C20 to C25, with our words for what they are about.</summary>
public sealed class RestConformanceTests(DevCell cell) : IClassFixture<DevCell>, IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(cell.Address) };

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task C20_a_job_is_created_once_and_what_is_wrong_with_it_is_named()
    {
        Assert.Equal(HttpStatusCode.Created, (await Submit(Job("c20", 2), "\"0\"")).Status);
        await cell.Until(new("shop", "test", "c20"), v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        Assert.Equal([0, 1], (await cell.Client.ListJobTasksAsync(new("shop", "test", "c20"))).Value!.Items.Select(t => t.Instance));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "version-conflict"), await Submit(Job("c20", 2), "\"0\""));

        Assert.Equal("below-minimum", (await Submit(Job("c20-a", 0))).Code);
        Assert.Equal("below-minimum", (await Submit(Job("c20-a", -1))).Code);
        Assert.Equal("above-maximum", (await Submit(Job("c20-a", 10_001))).Code);
        Assert.Equal("bad-name", (await Submit(Job("c20-a", 1).Replace("env: test", "env: a/b"))).Code);
        Assert.Equal("below-minimum", (await Submit(Job("c20-a", 1, cpu: "0"))).Code);
        Assert.Equal("not-for-type", (await Submit(Job("c20-a", 1) + "collision: allow\n")).Code);
        Assert.Equal("job-not-found", (await cell.Client.DescribeJobAsync(new("shop", "test", "c20-a"))).Problem!.Code);
    }

    [Fact]
    public async Task C21_stopping_nothing_is_no_error_and_stopping_some_stops_those()
    {
        var key = await Run("c21", 3);
        Assert.Equal("Stopping 1 instance of shop/test/c21.", (await cell.Client.StopJobAsync(key, [1])).Value!.Message);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("KILLED") == 1 && v.Counts.GetValueOrDefault("RUNNING") == 2);
        var killed = (await cell.Client.DescribeTaskAsync(new(key, 1))).Value!;
        Assert.Contains(killed.History, h => h is { Status: ScheduleStatus.Killing, Message: "Killed by anonymous" });

        await cell.Client.StopJobAsync(key);
        await cell.Until(key, v => v.Phase == JobPhase.Stopped);
        Assert.Equal("shop/test/c21 has no tasks to stop.", (await cell.Client.StopJobAsync(key)).Value!.Message);
    }

    [Fact]
    public async Task C22_instances_are_added_at_the_end_and_not_during_an_update()
    {
        var key = await Run("c22", 2);
        await cell.Client.ScaleJobAsync(key, 4);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("RUNNING") == 4);
        Assert.Equal([0, 1, 2, 3], (await cell.Client.ListJobTasksAsync(key)).Value!.Items.Select(t => t.Instance));
        Assert.Equal("job-not-found", (await cell.Client.ScaleJobAsync(new("shop", "test", "c22-x"), 4)).Problem!.Code);

        await Submit(Job("c22", 4).Replace("3600", "3601"));
        Assert.Equal("update-in-progress", (await cell.Client.ScaleJobAsync(key, 6)).Problem!.Code);
        Assert.Equal("update-in-progress", (await cell.Client.RestartJobAsync(key)).Problem!.Code);
    }

    [Fact]
    public async Task C23_tasks_are_filtered_by_all_that_is_asked_and_come_in_pages()
    {
        var (one, other) = (await Run("c23-a", 3), await Run("c23-b", 1));
        var both = new TaskFilter { Role = "shop", Environment = "test", Status = ScheduleStatus.Running, Node = "node-1", Job = one };
        Assert.Equal(3, (await cell.Client.ListTasksAsync(both)).Value!.Items.Length);
        Assert.Empty((await cell.Client.ListTasksAsync(both with { Status = ScheduleStatus.Failed })).Value!.Items);
        Assert.Empty((await cell.Client.ListTasksAsync(both with { Node = "node-2" })).Value!.Items);

        var first = (await cell.Client.ListJobTasksAsync(one, from: null, limit: 2)).Value!;
        Assert.Equal([0, 1], first.Items.Select(t => t.Instance));
        var second = (await cell.Client.ListJobTasksAsync(one, int.Parse(first.Next!), limit: 2)).Value!;
        Assert.Equal([2], second.Items.Select(t => t.Instance));
        Assert.Equal(other, Assert.Single((await cell.Client.ListJobTasksAsync(other)).Value!.Items).Job);
    }

    [Fact]
    public async Task C24_a_job_that_is_too_large_says_of_which_resource_there_is_too_little()
    {
        await cell.Submit(Job("c24", 1, cpu: "1000"));
        var key = new JobKey("shop", "test", "c24");
        ExplainView? view = null;
        await Eventually.True(
            async () => (view = (await cell.Client.ExplainJobAsync(key)).Value) is { Groups: [{ Reasons: not [] }] }, 30,
            () => cell.Output);
        var group = view!.Groups[0];
        Assert.Equal(("cpu", 1), (group.Nearest!.Dimension, group.Waiting));
        Assert.Equal(1, Assert.Single(group.Reasons).Nodes);
    }

    [Fact]
    public async Task C25_a_list_of_jobs_counts_their_tasks_and_has_their_latest_configuration()
    {
        var key = await Run("c25", 2);
        await Submit(Job("c25", 2) + "priority: 7\n");
        var listed = Assert.Single((await cell.Client.ListJobsAsync("shop", "test", limit: 500)).Value!.Items, j => j.Key == key);
        Assert.Equal((2, 2, 7), (listed.Counts["RUNNING"], listed.Version, listed.Spec.Priority));
    }

    private static string Job(string name, int instances, string cpu = "0.05") => $"""
        job: {name}
        role: shop
        env: test
        type: service
        instances: {instances}
        task:
          command: [sleep, "3600"]
          resources: {"{"} cpu: {cpu}, memory: 8MiB {"}"}

        """;

    private async Task<JobKey> Run(string name, int instances)
    {
        await cell.Submit(Job(name, instances));
        var key = new JobKey("shop", "test", name);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("RUNNING") == instances);
        return key;
    }

    private async Task<(HttpStatusCode Status, string? Code)> Submit(string file, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs")
        {
            Content = new StringContent(file, Encoding.UTF8, "application/yaml"),
        };
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var response = await _http.SendAsync(request);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, body.RootElement.TryGetProperty("code", out var code) ? code.GetString() : null);
    }
}
