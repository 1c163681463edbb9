namespace OrleansScheduler.Cli.Tests;

public sealed class JobPlanTests
{
    private const string Unchanged = """{"key":"shop/prod/web","outcome":"unchanged","version":3,"changes":[]}""";

    private const string Updating = """
        {"key":"shop/prod/web","outcome":"updating","version":3,"changes":[
         {"path":"instances","before":"3","after":"5"},{"path":"task.resources.cpu","after":"2"}]}
        """;

    private const string Other = """{"key":"shop/prod/other","outcome":"created","changes":[]}""";

    private const string Refused = """
        {"key":"shop/prod/web","outcome":"refused","version":3,"changes":[],
         "problem":{"kind":"conflict","code":"job-active","message":"It still runs.","errors":[]}}
        """;

    private const string Room = """{"summary":"Everything fits.","jobs":[],"nodes":[],"cell":{}}""";

    [Theory]
    [InlineData(Unchanged, Room, 0)]
    [InlineData(Updating, Room, 1)]
    [InlineData(Other, Room, 1)]
    [InlineData(Other, Canned.Outlook, 1)]
    [InlineData(Updating, Canned.Outlook, 4)]
    [InlineData(Refused, Room, 4)]
    public async Task The_exit_code_says_whether_it_changes_anything_and_fits(string job, string outlook, int code)
    {
        await using var gateway = await GatewayWithAsync(job, outlook);
        var outcome = await PlanAsync(gateway);
        Assert.Equal((code, ""), (outcome.Code, outcome.Error));
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(
            ("POST", "/v1/plan", null, Canned.JobFile), (request.Method, request.PathAndQuery, request.OperationId, request.Body));
    }

    [Fact]
    public async Task What_would_change_is_told_field_by_field()
    {
        await using var gateway = await GatewayWithAsync($"{Updating},{Other},{Refused}", Room);
        Assert.StartsWith("""
            shop/prod/web would be updated from version 3, its instances restarted.
            FIELD               NOW        THEN
            instances           3          5
            task.resources.cpu  (default)  2
            shop/prod/other is new.
            shop/prod/web would be refused: It still runs. [job-active]

            Everything fits.

            """, (await PlanAsync(gateway)).Output);
    }

    [Fact]
    public async Task Programs_get_the_plan_as_it_is()
    {
        await using var gateway = await GatewayWithAsync($"{Updating},{Other}", Room);
        Assert.Contains("outcome: updating\n", (await PlanAsync(gateway, "-o", "yaml")).Output);
        Assert.Equal("shop/prod/web\nshop/prod/other\n", (await PlanAsync(gateway, "-o", "name")).Output);
    }

    [Fact]
    public async Task A_file_that_is_wrong_is_named()
    {
        await using var gateway = await StubGateway.WithProblemAsync(
            422, "below-minimum", "It is so.", new FieldError("below-minimum", "instances", "must be at least 1", 3, 12, 0));
        var outcome = await PlanAsync(gateway);
        Assert.Equal(new Outcome(2, "", "stdin:3:12: instances: must be at least 1 [below-minimum]\n"), outcome);
    }

    private static Task<StubGateway> GatewayWithAsync(string jobs, string outlook) =>
        StubGateway.WithAsync($$"""{"jobs":[{{jobs}}],"outlook":{{outlook}}}""");

    private static Task<Outcome> PlanAsync(StubGateway gateway, params string[] options) =>
        CommandLine.RunAsync(gateway, new Surroundings { Input = Canned.JobFile }, ["job", "plan", "-", .. options]);
}
