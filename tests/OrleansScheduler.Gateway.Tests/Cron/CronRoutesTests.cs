namespace OrleansScheduler.Gateway.Tests;

public sealed class CronRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Theory]
    [InlineData("start", CronVerb.Start)]
    [InlineData("pause", CronVerb.Pause)]
    [InlineData("resume", CronVerb.Resume)]
    [InlineData("stop", CronVerb.Stop)]
    public async Task A_command_reaches_its_job(string word, CronVerb verb)
    {
        Add("verbs/prod/report");
        var response = await _http.Send("POST", $"/v1/cron/verbs/prod/report/{word}", headers: ("Idempotency-Key", $"c-{word}"));
        Assert.Equal("verbs/prod/report", (await response.Read<CommandReceipt>()).Key.ToString());
        Assert.Equal($"c-{word}", Assert.Single(response.Headers.GetValues("Idempotency-Key")));
        Assert.Contains(new CronCommand($"c-{word}", verb, "anonymous"), _cell.Commands);
    }

    [Fact]
    public async Task A_command_to_no_job_or_no_verb_is_refused()
    {
        var missing = await _http.Send("POST", "/v1/cron/none/prod/report/start");
        Assert.Equal("job-not-found", (await missing.Problem(HttpStatusCode.NotFound)).Code());
        Assert.Equal(HttpStatusCode.NotFound, (await _http.Send("POST", "/v1/cron/none/prod/report/halt")).StatusCode);
        var named = await _http.Send("POST", "/v1/cron/no%20ne/prod/report/start");
        Assert.Equal("bad-parameter", (await named.Problem(HttpStatusCode.BadRequest)).Code());
    }

    [Fact]
    public async Task Only_cron_jobs_are_listed_and_page_by_page_all_of_them()
    {
        for (var i = 0; i < 40; i++) _cell.AddJob($"listed/prod/service-{i:00}");
        foreach (var i in (int[])[3, 17, 18, 39]) Add($"listed/prod/service-{i:00}x");
        List<string> names = [];
        for (string? page = "", query = ""; page is not null; query = $"&page={page}")
        {
            var answer = await _http.Get<Page<JobView>>($"/v1/cron?role=listed&limit=2{query}");
            Assert.True(answer.Items.Length <= 2);
            names.AddRange(answer.Items.Select(job => job.Key.Name));
            page = answer.Next;
        }

        Assert.Equal(["service-03x", "service-17x", "service-18x", "service-39x"], names);
        var job = (await _http.Get<Page<JobView>>("/v1/cron?role=listed&limit=1")).Items[0];
        Assert.Equal("*/5 * * * *", job.Spec.Schedule!.Expression);
        Assert.Equal(CronOutcome.Failed, job.Cron!.Recent[0].Outcome);
    }

    [Fact]
    public async Task A_schedule_is_explained()
    {
        var answer = await _http.Get<CronExplanation>(
            "/v1/cron/explain?expression=30%202%20*%20*%20*&timezone=Europe/Berlin&from=2026-03-28T00:00:00Z&count=2");
        Assert.Equal(
            [new(2026, 3, 28, 2, 30, 0, TimeSpan.FromHours(1)), new(2026, 3, 29, 3, 0, 0, TimeSpan.FromHours(2))], answer.Runs);
        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromHours(2)], answer.Runs.Select(run => run.Offset));
        Assert.Equal(5, answer.Fields.Length);
        Assert.Equal(10, (await _http.Get<CronExplanation>("/v1/cron/explain?expression=*%20*%20*%20*%20*")).Runs.Length);
    }

    [Theory]
    [InlineData("", 400, "bad-parameter")]
    [InlineData("expression=*%20*%20*%20*%207", 422, "cron-invalid")]
    [InlineData("expression=0%200%2030%202%20*", 422, "cron-never-fires")]
    [InlineData("expression=*%20*%20*%20*%20*&timezone=Mars/Olympus", 422, "timezone-unknown")]
    [InlineData("expression=*%20*%20*%20*%20*&count=0", 400, "bad-parameter")]
    [InlineData("expression=*%20*%20*%20*%20*&count=1001", 400, "bad-parameter")]
    [InlineData("expression=*%20*%20*%20*%20*&from=yesterday", 400, "bad-parameter")]
    [InlineData("expression=*%20*%20*%20*%20*&from=9999-12-31T23:59:59Z", 400, "bad-parameter")]
    public async Task A_question_that_makes_no_sense_is_refused(string query, int status, string code) =>
        Assert.Equal(code, (await (await _http.Send("GET", $"/v1/cron/explain?{query}")).Problem((HttpStatusCode)status)).Code());

    private void Add(string key)
    {
        var job = _cell.AddJob(key);
        var run = new CronRun
        {
            Number = 1,
            Trigger = new(CronOrigin.Schedule, DateTimeOffset.UnixEpoch, null, null),
            Outcome = CronOutcome.Failed,
        };
        _cell.Jobs[job.Key] = job with
        {
            Type = JobType.Cron,
            Spec = job.Spec with { Type = JobType.Cron, Schedule = new("*/5 * * * *", "UTC", CronCollision.CancelNew) },
            Cron = new() { Recent = [run] },
        };
    }
}
