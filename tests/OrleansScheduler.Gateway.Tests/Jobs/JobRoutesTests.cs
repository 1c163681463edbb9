namespace OrleansScheduler.Gateway.Tests;

public sealed class JobRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task A_new_job_is_created_with_its_place()
    {
        var response = await _http.Send("POST", "/v1/jobs", Requests.JobFile("create/prod/web", 3));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/v1/jobs/create/prod/web", response.Headers.Location?.ToString());
        var receipt = Assert.Single((await response.Read<SubmitReply>()).Jobs);
        Assert.Equal(("create/prod/web", 1, "created"), (receipt.Key.ToString(), receipt.Version, receipt.Outcome));
        Assert.Equal(3, _cell.Jobs[receipt.Key].Instances);
    }

    [Fact]
    public async Task A_known_job_is_changed_and_that_is_no_creation()
    {
        _cell.AddJob("change/prod/web");
        var response = await _http.Send("POST", "/v1/jobs", Requests.JobFile("change/prod/web"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("updating", Assert.Single((await response.Read<SubmitReply>()).Jobs).Outcome);
    }

    [Fact]
    public async Task A_json_job_file_is_read_too()
    {
        var file = """{"job":"web","role":"json","env":"prod","type":"service","task":{"command":["true"]}}""";
        var response = await _http.Send("POST", "/v1/jobs", file, "application/json; charset=utf-8");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Every_document_has_an_operation_id_of_its_own()
    {
        var file = $"{Requests.JobFile("many/prod/a")}---\n{Requests.JobFile("many/prod/b")}---\n{Requests.JobFile("many/prod/c")}";
        var response = await _http.Send("POST", "/v1/jobs", file, headers: ("Idempotency-Key", "many-1"));
        Assert.Equal(3, (await response.Read<SubmitReply>()).Jobs.Length);
        Assert.Equal("many-1", Assert.Single(response.Headers.GetValues("Idempotency-Key")));
        var commands = _cell.Commands.OfType<SubmitCommand>().Where(command => command.Spec.Key.Role == "many").ToArray();
        Assert.Equal(["many-1", "many-1/1", "many-1/2"], commands.Select(command => command.OperationId));
        Assert.All(commands, command => Assert.Equal("anonymous", command.Actor));
    }

    [Fact]
    public async Task The_same_key_gives_the_same_answer_and_refuses_another_spec()
    {
        var first = await (
            await _http.Send(
                "POST", "/v1/jobs", Requests.JobFile("again/prod/web"), headers: ("Idempotency-Key", "again"))).Read<SubmitReply>();
        var second = await (
            await _http.Send(
                "POST", "/v1/jobs", Requests.JobFile("again/prod/web"), headers: ("Idempotency-Key", "again"))).Read<SubmitReply>();
        Assert.Equal(first.Jobs.ToArray(), second.Jobs.ToArray());
        var other = await _http.Send("POST", "/v1/jobs", Requests.JobFile("again/prod/web", 9), headers: ("Idempotency-Key", "again"));
        Assert.Equal("operation-reused", (await other.Problem(HttpStatusCode.Conflict)).Code());
    }

    [Fact]
    public async Task A_key_is_made_up_and_told_when_none_is_sent()
    {
        var response = await _http.Send("POST", "/v1/jobs", Requests.JobFile("keyless/prod/web"));
        var key = Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Contains(
            _cell.Commands.OfType<SubmitCommand>(), command => command.OperationId == key && command.Spec.Key.Role == "keyless");
    }

    [Fact]
    public async Task One_invalid_document_keeps_all_of_them_from_being_submitted()
    {
        var file = $"{Requests.JobFile("half/prod/good")}---\n{Requests.JobFile("half/prod/bad").Replace("instances: 1", "instances: -1")}";
        var problem = await (await _http.Send("POST", "/v1/jobs", file)).Problem(HttpStatusCode.UnprocessableEntity);
        var error = Assert.Single(problem.GetProperty("errors").EnumerateArray().ToArray());
        Assert.Equal(("instances", 1), (error.GetProperty("path").GetString(), error.GetProperty("document").GetInt32()));
        Assert.DoesNotContain(_cell.Jobs.Keys, key => key.Role == "half");
    }

    [Fact]
    public async Task A_refusal_in_mid_file_names_its_document_and_what_was_accepted()
    {
        var file =
            $"{Requests.JobFile("partly/prod/a")}---\n{Requests.JobFile("partly/prod/timeout")}---\n{Requests.JobFile("partly/prod/c")}";
        var problem = await (await _http.Send("POST", "/v1/jobs", file)).Problem(HttpStatusCode.GatewayTimeout);
        Assert.Equal("outcome-unknown", problem.Code());
        Assert.Equal(1, Assert.Single(problem.GetProperty("errors").EnumerateArray().ToArray()).GetProperty("document").GetInt32());
        Assert.Equal(
            "partly/prod/a", Assert.Single(problem.GetProperty("accepted").EnumerateArray().ToArray()).GetProperty("key").GetString());
        Assert.DoesNotContain(_cell.Jobs.Keys, key => key.ToString() == "partly/prod/c");
    }

    [Fact]
    public async Task If_Match_is_the_version_that_the_job_must_have()
    {
        _cell.AddJob("match/prod/web");
        var etag = (await _http.Send("GET", "/v1/jobs/match/prod/web")).Headers.ETag!.ToString();
        Assert.Equal("\"3\"", etag);
        Assert.True(
            (await _http.Send("POST", "/v1/jobs", Requests.JobFile("match/prod/web"), headers: ("If-Match", etag))).IsSuccessStatusCode);
        var outdated = await _http.Send("POST", "/v1/jobs", Requests.JobFile("match/prod/web"), headers: ("If-Match", "\"2\""));
        Assert.Equal("version-outdated", (await outdated.Problem(HttpStatusCode.PreconditionFailed)).Code());
    }

    [Fact]
    public async Task Validate_answers_the_spec_with_its_defaults_and_changes_nothing()
    {
        var response = await _http.Send("POST", "/v1/jobs/validate", Requests.JobFile("dry/prod/web", 2));
        var spec = Assert.Single((await response.Read<ValidateReply>()).Jobs);
        Assert.Equal((JobKey.Parse("dry/prod/web"), 2), (spec.Key, spec.Instances));
        Assert.DoesNotContain(_cell.Jobs.Keys, key => key.Role == "dry");
    }

    [Fact]
    public async Task Paging_over_the_shards_gives_every_job_once_and_in_order()
    {
        var keys = Enumerable.Range(0, 57).Select(number => JobKey.Parse($"paged/prod/job-{number}")).ToArray();
        foreach (var key in keys) _cell.AddJob(key.ToString());
        _cell.AddJob("paged/test/other");

        var seen = new List<JobKey>();
        var path = "/v1/jobs?role=paged&env=prod&limit=10";
        for (string? next = ""; next is not null;)
        {
            var page = await _http.Get<Page<JobView>>($"{path}{(next.Length == 0 ? "" : $"&page={next}")}");
            Assert.InRange(page.Items.Length, 1, 10);
            seen.AddRange(page.Items.Select(job => job.Key));
            next = page.Next;
        }

        Assert.Equal(keys.Order(), seen);
        Assert.True(keys.Select(JobIndex.ShardOf).Distinct().Count() > 8);
    }

    [Fact]
    public async Task A_page_that_ends_exactly_at_the_last_job_is_the_last()
    {
        foreach (var name in new[] { "a", "b" }) _cell.AddJob($"exact/prod/{name}");
        Assert.Null((await _http.Get<Page<JobView>>("/v1/jobs?role=exact&limit=2")).Next);
        Assert.NotNull((await _http.Get<Page<JobView>>("/v1/jobs?role=exact&limit=1")).Next);
        Assert.Empty((await _http.Get<Page<JobView>>("/v1/jobs?role=nobody")).Items);
    }

    [Fact]
    public async Task A_jobs_tasks_are_paged_by_instance()
    {
        _cell.AddJob("tasks/prod/web", 5);
        var first = await _http.Get<Page<TaskView>>("/v1/jobs/tasks/prod/web/tasks?limit=3");
        Assert.Equal([0, 1, 2], first.Items.Select(task => task.Instance));
        var second = await _http.Get<Page<TaskView>>($"/v1/jobs/tasks/prod/web/tasks?limit=3&from={first.Next}");
        Assert.Equal([3, 4], second.Items.Select(task => task.Instance));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task Commands_reach_the_job_with_key_and_instances()
    {
        _cell.AddJob("command/prod/web", 5);
        var stop = await _http.Send(
            "POST", "/v1/jobs/command/prod/web/stop", """{"instances":[3,1,3]}""", "application/json", ("Idempotency-Key", "c1"));
        var restart = await _http.Send("POST", "/v1/jobs/command/prod/web/restart", headers: ("Idempotency-Key", "c2"));
        var scale = await _http.Send(
            "POST", "/v1/jobs/command/prod/web/scale", """{"instances":7}""", "application/json", ("Idempotency-Key", "c3"));
        Assert.Equal(
            (2, 0, 7),
            (
                (await stop.Read<CommandReceipt>()).Instances, (await restart.Read<CommandReceipt>()).Instances,
                (await scale.Read<CommandReceipt>()).Instances));
        Assert.Contains(
            _cell.Commands.OfType<InstancesCommand>(), command => command.OperationId == "c1" && command.Instances.SequenceEqual([1, 3]));
        Assert.Contains(_cell.Commands.OfType<InstancesCommand>(), command => command.OperationId == "c2" && command.Instances.IsEmpty);
        Assert.Contains(new ScaleCommand("c3", 7, "anonymous"), _cell.Commands);
    }
}
