namespace OrleansScheduler.Gateway.Tests;

public sealed class UpdateRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task Only_updates_that_have_not_ended_are_listed_and_a_paused_one_is_among_them()
    {
        AddUpdate("act/prod/rolling", JobPhase.Updating);
        AddUpdate("act/prod/paused", JobPhase.Paused, "ROLL_FORWARD_PAUSED");
        AddUpdate("act/prod/ended", JobPhase.Running, "ROLLED_FORWARD");
        AddUpdate("act/test/other", JobPhase.Updating);
        _cell.AddJob("act/prod/still");
        var page = await _http.Get<Page<UpdateView>>("/v1/updates?role=act&env=prod");
        Assert.Equal(
            ["act/prod/paused ROLL_FORWARD_PAUSED", "act/prod/rolling ROLLING_FORWARD"],
            page.Items.Select(update => $"{update.Job} {update.Status}"));
        Assert.Null(page.Next);

        var first = await _http.Get<Page<UpdateView>>("/v1/updates?role=act&limit=1");
        Assert.NotNull(first.Next);
        Assert.Empty(first.Items);
    }

    [Fact]
    public async Task A_jobs_updates_come_with_their_stories_in_the_words_of_the_wire()
    {
        AddUpdate("story/prod/web", JobPhase.Updating);
        var text = await (await _http.Send("GET", "/v1/jobs/story/prod/web/updates")).Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken);
        var update = JsonElement.Parse(text).GetProperty("items")[0];
        Assert.Equal("""["0-1","5"]""", update.GetProperty("inFlight").GetRawText());
        Assert.Equal("instance-updating", update.GetProperty("events")[0].GetProperty("action").GetString());
        _cell.AddJob("story/prod/none");
        Assert.Equal("""{"items":[]}""", await _http.GetStringAsync("/v1/jobs/story/prod/none/updates"));
        await (await _http.Send("GET", "/v1/jobs/story/prod/nobody/updates")).Problem(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("pause", UpdateVerb.Pause)]
    [InlineData("resume", UpdateVerb.Resume)]
    [InlineData("abort", UpdateVerb.Abort)]
    [InlineData("rollback", UpdateVerb.Rollback)]
    [InlineData("pulse", UpdateVerb.Pulse)]
    public async Task A_command_reaches_the_job_with_its_key(string word, UpdateVerb verb)
    {
        AddUpdate("verb/prod/web", JobPhase.Updating);
        var receipt = await (await _http.Send(
            "POST", $"/v1/jobs/verb/prod/web/update/{word}", """{"update":2,"message":"why"}""", "application/json",
            ("Idempotency-Key", $"k-{word}"))).Read<UpdateReceipt>();
        Assert.Equal((2, "ROLLING_FORWARD"), (receipt.Update, receipt.Status));
        Assert.Contains(new UpdateCommand($"k-{word}", verb, 2, "why", "anonymous"), _cell.Commands);
        var bare = await _http.Send("POST", $"/v1/jobs/verb/prod/web/update/{word}", headers: ("Idempotency-Key", $"b-{word}"));
        Assert.True(bare.IsSuccessStatusCode);
        Assert.Contains(new UpdateCommand($"b-{word}", verb, null, null, "anonymous"), _cell.Commands);
    }

    [Fact]
    public async Task What_cannot_be_done_says_so_by_code()
    {
        _cell.AddJob("wrong/prod/web");
        var none = await _http.Send("POST", "/v1/jobs/wrong/prod/web/update/pause");
        Assert.Equal("update-not-found", (await none.Problem(HttpStatusCode.NotFound)).Code());
        var unknown = await _http.Send("POST", "/v1/jobs/wrong/prod/nobody/update/pause");
        Assert.Equal("job-not-found", (await unknown.Problem(HttpStatusCode.NotFound)).Code());
        var number = await _http.Send("POST", "/v1/jobs/wrong/prod/web/update/pause", """{"update":0}""", "application/json");
        Assert.Equal("below-minimum", (await number.Problem(HttpStatusCode.UnprocessableEntity)).Code());
        var verb = await _http.Send("POST", "/v1/jobs/wrong/prod/web/update/dance");
        Assert.Equal(HttpStatusCode.NotFound, verb.StatusCode);
    }

    [Fact]
    public async Task Versions_are_listed_and_compared_as_data()
    {
        AddVersions("diff/prod/web", 3);
        var versions = JsonElement.Parse(await _http.GetStringAsync("/v1/jobs/diff/prod/web/versions")).GetProperty("items");
        Assert.Equal([3, 2, 1], versions.EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));

        var diff = await _http.Get<JobDiffView>("/v1/jobs/diff/prod/web/diff?from=1&to=3");
        Assert.Equal(new FieldChange("priority", "1", "3"), Assert.Single(diff.Changes));
        var last = await _http.Get<JobDiffView>("/v1/jobs/diff/prod/web/diff");
        Assert.Equal((2, 3), (last.From, last.To));
        var gone = await (await _http.Send("GET", "/v1/jobs/diff/prod/web/diff?from=9")).Problem(HttpStatusCode.NotFound);
        Assert.Equal("version-not-found", gone.Code());
        await (await _http.Send("GET", "/v1/jobs/diff/prod/web/diff?from=x")).Problem(HttpStatusCode.BadRequest);
        await (await _http.Send("GET", "/v1/jobs/diff/prod/nobody/diff")).Problem(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_rollback_names_its_version_and_may_expect_one()
    {
        _cell.AddJob("back/prod/web");
        var receipt = await (await _http.Send(
            "POST", "/v1/jobs/back/prod/web/rollback", """{"to":1}""", "application/json", ("Idempotency-Key", "r1"),
            ("If-Match", "\"3\""))).Read<SubmitReceipt>();
        Assert.Equal((4, "updating"), (receipt.Version, receipt.Outcome));
        Assert.Contains(new RollbackCommand("r1", 1, 3, "anonymous"), _cell.Commands);
        var outdated = await _http.Send(
            "POST", "/v1/jobs/back/prod/web/rollback", """{"to":1}""", "application/json", ("If-Match", "\"2\""));
        await outdated.Problem(HttpStatusCode.PreconditionFailed);
        await (await _http.Send("POST", "/v1/jobs/back/prod/web/rollback", "{}", "application/json")).Problem(HttpStatusCode.BadRequest);
    }

    private void AddUpdate(string key, JobPhase phase, string status = "ROLLING_FORWARD")
    {
        var job = _cell.AddJob(key, 6);
        _cell.Jobs[job.Key] = job with
        {
            Phase = phase,
            Update = new()
            {
                Job = job.Key,
                FromVersion = 1,
                ToVersion = 2,
                Status = status,
                InFlight = InstanceSet.Of([0, 1, 5]),
                Events = [new() { Update = 2, At = default, Action = UpdateAction.InstanceUpdating, Instances = InstanceSet.Of([0, 1]) }],
            },
        };
    }

    private void AddVersions(string key, int count)
    {
        var job = _cell.AddJob(key);
        _cell.Versions[job.Key] = [.. Enumerable.Range(1, count).Reverse().Select(number => new VersionView
        {
            Version = number,
            Actor = "me",
            IsCurrent = number == count,
            Instances = InstanceSet.Of([0]),
            Spec = job.Spec with { Priority = number },
        })];
    }
}
