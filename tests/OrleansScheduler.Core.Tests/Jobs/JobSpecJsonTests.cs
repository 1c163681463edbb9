using System.Text.Json;

namespace OrleansScheduler.Core.Tests;

public sealed class JobSpecJsonTests
{
    [Fact]
    public void A_task_on_the_wire_is_the_task_section_of_the_job_file()
    {
        var task = new TaskSpec { Command = ["sleep", "60"], Resources = new(500, 256, 0, 0), Ports = ["http"] };
        const string Json = """{"command":["sleep","60"],"resources":{"cpu":0.5,"memory":"256MiB","ports":["http"]}}""";
        Assert.Equal(Json, JsonSerializer.Serialize(task, WireJson.Options));
        Assert.Equal(task, JsonSerializer.Deserialize<TaskSpec>(Json, WireJson.Options));
    }

    [Fact]
    public void What_submit_refuses_for_now_can_still_be_read()
    {
        var spec = new JobSpec
        {
            Key = new("shop", "prod", "web"),
            Type = JobType.Cron,
            Schedule = new("*/5 * * * *", "Europe/Berlin", CronCollision.CancelNew),
            Task = new()
            {
                Driver = "container",
                Image = "debian",
                User = "nobody",
                Processes =
                [
                    new()
                    {
                        Name = "a", Command = ["b"], After = ["c"], MaxFailures = 0, Daemon = true, Ephemeral = true, Final = true,
                        MinDuration = TimeSpan.FromSeconds(9),
                    },
                ],
                MaxFailures = 3,
                MaxConcurrency = 2,
                FinalizationWait = TimeSpan.FromSeconds(7),
                Artifacts = [new("https://example.org/a", true, "sha256:00")],
            },
            Update = new() { Strategy = "batch", Pulse = TimeSpan.FromMinutes(1), SlaAware = true },
        };
        Assert.Equal(spec, JsonSerializer.Deserialize<JobSpec>(JsonSerializer.Serialize(spec, WireJson.Options), WireJson.Options));
        Assert.NotEmpty(JobRules.Check(spec));
    }

    [Fact]
    public void A_view_carries_its_spec()
    {
        var view = new JobView
        {
            Key = new("shop", "prod", "web"),
            Counts = ImmutableSortedDictionary<string, int>.Empty,
            Spec = new() { Key = new("shop", "prod", "web"), Type = JobType.Batch, Task = new() { Command = ["x"] } },
        };
        var json = JsonSerializer.Serialize(view, WireJson.Options);
        Assert.Equal(view.Spec, JsonSerializer.Deserialize<JobView>(json, WireJson.Options)?.Spec);
    }

    [Theory]
    [InlineData("{}", "task.command")]
    [InlineData("[]", "Expected fields")]
    [InlineData("{\"command\":[\"a\"],\"cmd\":1}", "task.cmd")]
    [InlineData("{\"command\":[\"a\"],\"resources\":{\"memory\":5}}", "task.resources.memory")]
    [InlineData("{\"command\":[\"\\ud800\"]}", "surrogate")]
    public void A_task_that_cannot_be_read_is_a_JSON_error_that_names_the_field(string json, string part) =>
        Assert.Contains(part, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskSpec>(json, WireJson.Options)).Message);

    [Fact]
    public async Task A_task_is_read_from_a_stream_in_pieces()
    {
        var task = new TaskSpec { Command = ["echo", new string('é', 50_000)], Resources = new(1500, 64, 0, 0) };
        using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(task, WireJson.Options));
        Assert.Equal(task, await JsonSerializer.DeserializeAsync<TaskSpec>(stream, WireJson.Options));
    }
}
