using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A batch job whose tasks wait for a gate and write down what they do: what the scheduler says is held against it.</summary>
internal sealed class WitnessedJob(TestDirectory directory, SchedulerClient client, Func<string> output)
{
    private static readonly JobKey Key = new("test", "devel", "work");

    /// <summary>Waits until the one node is there.</summary>
    public Task NodeIsReady() =>
        Eventually.True(async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, output);

    public async Task Submit(int instances, string? command = null)
    {
        var file = $$"""
            job: {{Key.Name}}
            role: {{Key.Role}}
            env: {{Key.Environment}}
            type: batch
            instances: {{instances}}
            task:
              command: '{{command ?? directory.WitnessedCommand}}'
              resources: { cpu: 0.1, memory: 8MiB }
            """;
        var answer = await client.SubmitJobsAsync(JobFileBody.Of("work.yaml", Encoding.UTF8.GetBytes(file)));
        Assert.Null(answer.Problem);
    }

    /// <summary>Waits until so many tasks run and so many wait for a node.</summary>
    public Task IsAt(int running, int pending = 0) =>
        Until(v => v.Counts.GetValueOrDefault("RUNNING") == running && v.Counts.GetValueOrDefault("PENDING") == pending);

    /// <summary>Waits for the end; then what the tasks themselves saw and what the scheduler says agree, and each ran once.</summary>
    /// <param name="instances">How many tasks there are.</param>
    /// <param name="attempts">Whether an attempt may have that number; null for the first one only.</param>
    public async Task EndsWithEachRunOnce(int instances, Func<int, bool>? attempts = null)
    {
        var view = await Until(v => v.Phase is JobPhase.Finished or JobPhase.Failed);
        var failed = Enumerable.Range(0, instances).Count(i => TestDirectory.ExpectedExit(i) != 0);
        Assert.Equal((instances - failed, failed), (view.Counts["FINISHED"], view.Counts["FAILED"]));

        var witnessed = directory.Witnessed();
        Assert.Equal(Enumerable.Range(0, instances), witnessed.Keys.Order());
        Assert.All(witnessed.Values, lines => Assert.Equal(["start", "end"], lines));
        var tasks = (await client.ListJobTasksAsync(Key, limit: instances)).Value!.Items;
        Assert.Equal(instances, tasks.Length);
        Assert.All(tasks, t => Assert.Equal(TestDirectory.ExpectedExit(t.Instance), t.ExitCode));
        Assert.All(tasks, t => Assert.True(attempts?.Invoke(t.Attempt) ?? t.Attempt == 1, $"{t.Instance} is attempt {t.Attempt}"));
    }

    private async Task<JobView> Until(Func<JobView, bool> condition)
    {
        JobView? view = null;
        await Eventually.True(async () => (await client.DescribeJobAsync(Key)).Value is { } v && condition(view = v), 90, () =>
            $"{view?.Phase} {string.Join(", ", view?.Counts.Select(c => $"{c.Value} {c.Key}") ?? [])}\n{output()}");
        return view!;
    }
}
