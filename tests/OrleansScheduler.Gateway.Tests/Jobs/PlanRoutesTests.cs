namespace OrleansScheduler.Gateway.Tests;

public sealed class PlanRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task A_plan_says_what_would_become_of_each_job_and_changes_nothing()
    {
        var known = _cell.AddJob("plan/prod/known", 2);
        var same = JobFile.WriteYaml(known.Spec);
        var changed = JobFile.WriteYaml(_cell.AddJob("plan/prod/changed", 2).Spec with { Instances = 5 });
        var (jobs, commands) = (_cell.Jobs.Count, _cell.Commands.Count);

        var plan = await Plan($"{same}---\n{changed}---\n{Requests.JobFile("plan/prod/fresh")}");

        Assert.Equal(["unchanged", "changed", "created"], plan.Jobs.Select(job => job.Outcome));
        Assert.Equal([3, 3, null], plan.Jobs.Select(job => job.Version));
        Assert.Equal([new FieldChange("instances", "2", "5")], plan.Jobs[1].Changes);
        Assert.Equal(_cell.Outlook.Summary, plan.Outlook.Summary);
        var question = _cell.Questions.Single(asked => asked.Jobs.Any(spec => spec.Key.Role == "plan"));
        Assert.Equal(["changed", "fresh"], question.Jobs.Select(spec => spec.Key.Name));
        Assert.Equal((jobs, commands), (_cell.Jobs.Count, _cell.Commands.Count));
    }

    [Fact]
    public async Task A_job_that_would_be_refused_says_why_and_is_not_tried()
    {
        var job = _cell.AddJob("refused/prod/web");
        var plan = await Plan(JobFile.WriteYaml(job.Spec with { Type = JobType.Batch }));
        Assert.Equal(("refused", "job-active"), (plan.Jobs[0].Outcome, plan.Jobs[0].Problem?.Code));
        Assert.False(plan.Fits);
        Assert.DoesNotContain(_cell.Questions, asked => asked.Jobs.Any(spec => spec.Key == job.Key));
    }

    [Fact]
    public async Task A_job_that_cannot_be_asked_fails_the_plan()
    {
        using var response = await _http.Send("POST", "/v1/plan", Requests.JobFile("plan/prod/unreachable"));
        Assert.Equal("unavailable", (await response.Problem(HttpStatusCode.ServiceUnavailable)).Code());
    }

    private async Task<PlanView> Plan(string file) => await (await _http.Send("POST", "/v1/plan", file)).Read<PlanView>();
}
