namespace OrleansScheduler.Gateway.Tests;

public sealed class TaskRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task A_task_is_described_killed_and_restarted()
    {
        _cell.AddJob("one/prod/web", 2);
        Assert.Equal(31_001, (await _http.Get<TaskView>("/v1/tasks/one/prod/web/1")).Ports["http"]);
        await (await _http.Send("POST", "/v1/tasks/one/prod/web/1/kill", headers: ("Idempotency-Key", "k"))).Read<CommandReceipt>();
        await (await _http.Send("POST", "/v1/tasks/one/prod/web/1/restart", headers: ("Idempotency-Key", "r"))).Read<CommandReceipt>();
        Assert.Contains(("kill", "k", "anonymous"), _cell.Commands);
        Assert.Contains(("restart", "r", "anonymous"), _cell.Commands);
    }

    [Fact]
    public async Task C19_a_task_is_moved_to_a_status_that_there_is()
    {
        _cell.AddJob("forced/prod/web", 1);
        var path = "/v1/tasks/forced/prod/web/0/force";
        const string Json = "application/json";
        await (await _http.Send("POST", path, """{"status":"lost"}""", Json, ("Idempotency-Key", "f"))).Read<CommandReceipt>();
        Assert.Contains(("force LOST", "f", "anonymous"), _cell.Commands);
        var unknown = await _http.Send("POST", path, """{"status":"gone"}""", Json);
        Assert.Equal("unknown-status", (await unknown.Problem(HttpStatusCode.UnprocessableEntity)).Code());
    }

    [Theory, InlineData(1), InlineData(7), InlineData(500)]
    public async Task Paging_over_jobs_gives_every_task_once_and_in_order(int limit)
    {
        var role = $"pages{limit}";
        foreach (var number in Enumerable.Range(0, 21)) _cell.AddJob($"{role}/prod/job-{number}", number % 4);
        _cell.AddJob($"{role}/prod/big", 23);
        var expected = _cell.Jobs.Keys.Where(key => key.Role == role).Order().SelectMany(key => _cell.Tasks[key])
            .Select(task => (task.Job, task.Instance));
        Assert.Equal(expected, (await ReadAll($"/v1/tasks?role={role}", limit)).Select(task => (task.Job, task.Instance)));
    }

    [Fact]
    public async Task Filters_apply_together()
    {
        _cell.AddJob("filter/prod/web", 30, (instance, task) => task with
        {
            Status = instance % 3 == 0 ? ScheduleStatus.Failed : instance % 3 == 1 ? ScheduleStatus.Lost : ScheduleStatus.Running,
            Node = instance < 15 ? "left" : "right",
        });
        _cell.AddJob("filter/test/web", 3);
        Assert.Equal(
            [0, 3, 6, 9, 12], (await ReadAll("/v1/tasks?job=filter/prod/web&status=FAILED&node=left", 2)).Select(task => task.Instance));
        Assert.Equal(20, (await ReadAll("/v1/tasks?role=filter&env=prod&status=failed,LOST", 500)).Count);
        Assert.Empty(await ReadAll("/v1/tasks?job=filter/prod/none", 500));
    }

    [Fact]
    public async Task A_filter_that_matches_little_answers_in_bounded_steps()
    {
        _cell.AddJob(
            "sparse/prod/big", JobLimits.MaxInstances,
            (instance, task) => instance == JobLimits.MaxInstances - 1 ? task with { Node = "rare" } : task);
        _cell.AddJob("sparse/prod/next", 2, (_, task) => task with { Node = "rare" });
        var first = await _http.Get<Page<TaskView>>("/v1/tasks?role=sparse&node=rare&limit=500");
        Assert.NotNull(first.Next);
        Assert.Equal(3, (await ReadAll("/v1/tasks?role=sparse&node=rare", 500)).Count);
    }

    private async Task<List<TaskView>> ReadAll(string path, int limit)
    {
        var tasks = new List<TaskView>();
        for (string? next = ""; next is not null;)
        {
            var page = await _http.Get<Page<TaskView>>($"{path}&limit={limit}{(next.Length == 0 ? "" : $"&page={next}")}");
            Assert.True(page.Items.Length <= limit);
            tasks.AddRange(page.Items);
            next = page.Next;
        }

        return tasks;
    }
}
