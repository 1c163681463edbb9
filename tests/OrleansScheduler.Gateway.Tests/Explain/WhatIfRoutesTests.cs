namespace OrleansScheduler.Gateway.Tests;

public sealed class WhatIfRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task All_changes_of_a_question_reach_the_ledger()
    {
        var view = await Ask("""
            {"addNodes":[{"count":3,"capacity":{"cpuMillis":16000,"memoryMiB":65536},"attributes":{"rack":["r1","r2"]}}],
             "drainNodes":["node-1"],"scale":[{"job":"shop/prod/web","instances":40}],
             "quotas":[{"role":"eng.web","quota":{"limit":{"cpuMillis":1000}}},{"role":"shop"}],
             "jobs":[{"job":"api","role":"shop","env":"prod","type":"service","task":{"command":["x"]}}]}
            """);
        Assert.Equal(_cell.Outlook.Summary, view.Summary);

        var question = _cell.Questions.Single(asked => asked.AddNodes is [{ Count: 3 }]);
        var template = Assert.Single(question.AddNodes);
        Assert.Equal((3, new Resources(16_000, 65_536, 0, 0)), (template.Count, template.Capacity));
        Assert.Equal(["r1", "r2"], template.Attributes!["rack"]);
        Assert.Equal(["node-1"], question.DrainNodes);
        Assert.Equal([new(JobKey.Parse("shop/prod/web"), 40)], question.Scale);
        var quota = new Quota { Limit = new(1000, null, null, null) };
        Assert.Equal([new("eng/web", quota), new("shop", null)], question.Quotas);
        Assert.Equal("api", Assert.Single(question.Jobs).Key.Name);
    }

    [Fact]
    public async Task A_question_as_the_client_writes_it_reads_back_the_same()
    {
        var question = new WhatIf
        {
            AddNodes = [new(7, new(1000, 1024, 0, 500))],
            DrainNodes = ["written"],
            Quotas = [new("a/b", new Quota { Guarantee = new(1, 2, 3, 4), Limit = new(5, null, 7, null) }), new("c", null)],
            Jobs = [new() { Key = JobKey.Parse("a/b/c"), Type = JobType.Batch, Task = new() { Command = ["x"] }, Gang = true }],
        };
        await Ask(JsonSerializer.Serialize(question, WireJson.Options));
        var asked = _cell.Questions.Single(other => other.DrainNodes is ["written"]);
        Assert.Equal(question.AddNodes, asked.AddNodes);
        Assert.Equal(question.Quotas, asked.Quotas);
        Assert.Equal(question.Jobs, asked.Jobs);
    }

    private async Task<WhatIfView> Ask(string body) =>
        await (await _http.Send("POST", "/v1/what-if", body, "application/json")).Read<WhatIfView>();
}
