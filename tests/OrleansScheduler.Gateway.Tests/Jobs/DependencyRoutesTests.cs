namespace OrleansScheduler.Gateway.Tests;

public sealed class DependencyRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task Jobs_of_one_file_are_submitted_after_what_they_wait_for_and_answered_in_its_order()
    {
        var file = $"{File("dag/prod/c", "b")}---\n{File("dag/prod/b", "a")}---\n{File("dag/prod/a")}";
        var response = await _http.Send("POST", "/v1/jobs", file, headers: ("Idempotency-Key", "dag-1"));
        Assert.Equal(["c", "b", "a"], (await response.Read<SubmitReply>()).Jobs.Select(job => job.Key.Name));
        var commands = _cell.Commands.OfType<SubmitCommand>().Where(command => command.Spec.Key.Role == "dag").ToArray();
        Assert.Equal(["a", "b", "c"], commands.Select(command => command.Spec.Key.Name));
        Assert.Equal(["dag-1/2", "dag-1/1", "dag-1"], commands.Select(command => command.OperationId));
    }

    [Fact]
    public async Task Jobs_that_would_wait_for_each_other_are_refused_and_none_is_submitted()
    {
        var file = $"{File("ring/prod/a", "b")}---\n{File("ring/prod/b", "a")}";
        var problem = await (await _http.Send("POST", "/v1/jobs", file)).Problem(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("dependency-cycle", problem.Code());
        Assert.Contains("ring/prod/a → ring/prod/b → ring/prod/a", problem.ToString());
        Assert.DoesNotContain(_cell.Jobs.Keys, key => key.Role == "ring");
    }

    [Fact]
    public async Task A_circle_over_jobs_of_the_cell_is_found_too()
    {
        _cell.AddJob("old/prod/b");
        var b = _cell.Jobs[JobKey.Parse("old/prod/b")];
        _cell.Jobs[b.Key] = b with { Spec = b.Spec with { After = [JobKey.Parse("old/prod/a")] } };
        var response = await _http.Send("POST", "/v1/jobs", File("old/prod/a", "b"));
        Assert.Equal("dependency-cycle", (await response.Problem(HttpStatusCode.UnprocessableEntity)).Code());
        var plan = await _http.Send("POST", "/v1/plan", File("old/prod/a", "b"));
        Assert.Equal("dependency-cycle", (await plan.Problem(HttpStatusCode.UnprocessableEntity)).Code());
    }

    [Fact]
    public async Task Explain_says_what_a_job_waits_for_and_how_that_stands()
    {
        _cell.AddJob("wait/prod/b");
        var view = _cell.Jobs[JobKey.Parse("wait/prod/b")];
        _cell.Jobs[view.Key] = view with { WaitsFor = [JobKey.Parse("wait/prod/a"), JobKey.Parse("wait/prod/x")] };
        _cell.AddJob("wait/prod/a");
        var summary = (await _http.Get<ExplainView>("/v1/explain/wait/prod/b")).Summary;
        Assert.Contains("wait/prod/a, which is running", summary);
        Assert.Contains("wait/prod/x, which there is not", summary);
    }

    [Fact]
    public async Task Parameters_of_a_file_are_set_by_the_query()
    {
        var file = $"parameters: {{ count: 1 }}\n{Requests.JobFile("set/prod/web").Replace("instances: 1", "instances: ${count}")}";
        await _http.Send("POST", "/v1/jobs?set=count%3D4", file);
        Assert.Equal(4, _cell.Jobs[JobKey.Parse("set/prod/web")].Instances);
        var unknown = await _http.Send("POST", "/v1/jobs?set=cuont%3D4", file);
        Assert.Equal("parameter-unknown", (await unknown.Problem(HttpStatusCode.UnprocessableEntity)).Code());
        var malformed = await _http.Send("POST", "/v1/jobs?set=count", file);
        Assert.Equal("bad-parameter", (await malformed.Problem(HttpStatusCode.BadRequest)).Code());
    }

    private static string File(string key, string? after = null) =>
        Requests.JobFile(key) + (after is null ? "" : $"after: [{after}]\n");
}
