using System.Diagnostics;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>What users of a service notice of its updates: real processes, real ports, real requests.</summary>
public sealed class UpdateTests(DevCell cell) : IClassFixture<DevCell>
{
    private const int Instances = 3;
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(2);
    private static readonly JobKey Key = new("shop", "test", "site");

    [Fact]
    public async Task An_update_that_is_not_healthy_goes_back_by_itself_and_users_miss_one_instance_at_most()
    {
        await cell.Submit(Site("/"));
        await cell.Until(Key, v => v.Phase == JobPhase.Running && v.Counts.GetValueOrDefault("RUNNING") == Instances);
        Assert.Equal(0, await Missing());
        var before = await Attempts();

        await cell.Submit(Site("/there-is-no-such-page"));
        var judged = 0;
        string? status = null;
        await Eventually.True(async () =>
        {
            var started = Stopwatch.GetTimestamp();
            var missing = await Missing();

            // The next instance goes down only when the one before has been watched: a look that takes longer may see two of them.
            if (Stopwatch.GetElapsedTime(started) < Watch)
            {
                Assert.InRange(missing, 0, 1);
                judged++;
            }

            status = (await cell.Client.DescribeJobAsync(Key)).Value?.Update?.Status;
            return status is "ROLLED_BACK" or "ROLLED_FORWARD" or "FAILED";
        }, 60, () => $"{status}\n{cell.Output}");

        Assert.Equal("ROLLED_BACK", status);
        Assert.True(judged > 0);
        Assert.Equal(0, await Missing());
        var tasks = (await cell.Client.ListJobTasksAsync(Key)).Value!.Items;
        Assert.All(tasks, t => Assert.Equal((ScheduleStatus.Running, 1), (t.Status, t.Version)));
        Assert.Equal(before[1..], (await Attempts())[1..]);   // what the update had not come to was left alone
    }

    private async Task<int[]> Attempts() => [.. (await cell.Client.ListJobTasksAsync(Key)).Value!.Items.Select(t => t.Attempt)];

    /// <summary>Instances that do not answer.</summary>
    private async Task<int> Missing()
    {
        var tasks = (await cell.Client.ListJobTasksAsync(Key)).Value!.Items;
        using var http = new HttpClient { Timeout = Watch };
        var answered = 0;
        foreach (var task in tasks.Where(t => t.Status == ScheduleStatus.Running))
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{task.Ports["http"]}/"));
                if (answer.IsSuccessStatusCode) answered++;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // It is missing.
            }
        }

        return Instances - answered;
    }

    private static string Site(string healthPath) => $$"""
        job: {{Key.Name}}
        role: {{Key.Role}}
        env: {{Key.Environment}}
        type: service
        instances: {{Instances}}
        task:
          command: [python3, -m, http.server, --bind, 127.0.0.1, "${PORT_HTTP}"]
          resources: { cpu: 0.1, memory: 32MiB, ports: [http] }
          health: { http: { port: http, path: {{healthPath}} }, initial-delay: 10s, interval: 200ms, timeout: 2s }
        update: { batch: 1, watch: {{Watch.TotalSeconds}}s }
        """;
}
