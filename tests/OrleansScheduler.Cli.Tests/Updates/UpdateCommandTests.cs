namespace OrleansScheduler.Cli.Tests;

public sealed class UpdateCommandTests
{
    private const string Update = """
        {"job":"shop/prod/web","fromVersion":3,"toVersion":4,"status":"ROLL_FORWARD_PAUSED","done":2,"total":5,
         "message":"Update auto paused","startedAt":"2026-01-02T03:04:05Z","actor":"ann","inFlight":["2-3"],"failed":["0"],
         "events":[{"update":4,"at":"2026-01-02T03:04:05Z","status":"ROLLING_FORWARD","message":"Version 3 to 4 by ann"},
          {"update":4,"at":"2026-01-02T03:04:06Z","action":"instance-updating","instances":["0-3"]}]}
        """;

    private const string Updates = $$"""{"items":[{{Update}}]}""";

    private const string Receipt = """{"key":"shop/prod/web","update":4,"status":"ROLLING_FORWARD","message":"Update 4 goes on."}""";

    private const string Versions = """
        {"items":[
         {"version":2,"acceptedAt":"2026-01-02T03:04:05Z","actor":"ann","isCurrent":true,"instances":["0-2"],
          "spec":{"job":"web","role":"shop","env":"prod","type":"service","instances":3,"task":{"command":["b"]}}},
         {"version":1,"acceptedAt":"2026-01-01T03:04:05Z","actor":"bob","isCurrent":false,"instances":[],
          "spec":{"job":"web","role":"shop","env":"prod","type":"service","task":{"command":["a"]}}}]}
        """;

    [Fact]
    public async Task The_list_has_a_line_an_update_and_asks_for_role_and_environment()
    {
        await using var gateway = await StubGateway.WithAsync(Updates);
        var outcome = await CommandLine.RunAsync(gateway, "update", "list", "--role", "shop", "--env", "prod");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("shop/prod/web  3 → 4   ROLL_FORWARD_PAUSED  2/5", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("/v1/updates?role=shop&env=prod", Assert.Single(gateway.Seen).PathAndQuery);
    }

    [Fact]
    public async Task The_list_of_a_job_is_all_that_it_remembers()
    {
        await using var gateway = await StubGateway.WithAsync(Updates);
        Assert.Equal(0, (await CommandLine.RunAsync(gateway, "update", "list", "shop/prod/web")).Code);
        Assert.Equal("/v1/jobs/shop/prod/web/updates", Assert.Single(gateway.Seen).PathAndQuery);
        Assert.Equal(2, (await CommandLine.RunAsync(gateway, "update", "list", "shop")).Code);
    }

    [Fact]
    public async Task The_status_tells_the_story()
    {
        await using var gateway = await StubGateway.WithAsync(Updates);
        var outcome = await CommandLine.RunAsync(gateway, "update", "status", "shop/prod/web");
        Assert.Equal(0, outcome.Code);
        foreach (var part in (string[])["version 3 → 4", "Update auto paused", "2 of 5", "2-3", "set out", "0-3", "by ann"])
            Assert.Contains(part, outcome.Output, StringComparison.Ordinal);
        var missing = await CommandLine.RunAsync(gateway, "update", "status", "shop/prod/web", "--update", "9");
        Assert.Equal(3, missing.Code);
        Assert.Contains("update-not-found", missing.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("abort")]
    [InlineData("rollback")]
    [InlineData("pulse")]
    public async Task A_command_goes_to_its_route_with_what_was_typed(string verb)
    {
        await using var gateway = await StubGateway.WithAsync(Receipt);
        var outcome = await CommandLine.RunAsync(
            gateway, "update", verb, "shop/prod/web", "--update", "4", "-m", "because", "--operation", "op");
        Assert.Equal((0, "Update 4 goes on.\n"), (outcome.Code, outcome.Output));
        var seen = Assert.Single(gateway.Seen);
        Assert.Equal(
            ("POST", $"/v1/jobs/shop/prod/web/update/{verb}", "op", """{"update":4,"message":"because"}"""),
            (seen.Method, seen.PathAndQuery, seen.OperationId, seen.Body));
    }

    [Fact]
    public async Task What_has_ended_is_a_conflict()
    {
        await using var gateway = await StubGateway.WithProblemAsync(409, "update-not-active");
        Assert.Equal(4, (await CommandLine.RunAsync(gateway, "update", "pause", "shop/prod/web")).Code);
    }

    [Theory]
    [InlineData("running", "ROLLED_FORWARD", 0)]
    [InlineData("running", "ROLLED_BACK", 1)]
    [InlineData("running", "ABORTED", 1)]
    public async Task Waiting_ends_with_the_update(string phase, string status, int code)
    {
        await using var gateway = await StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(
            context, before == 0 ? Job("paused", "ROLL_FORWARD_PAUSED") : Job(phase, status)));
        var outcome = await CommandLine.RunAsync(gateway, "update", "wait", "shop/prod/web");
        Assert.Equal(code, outcome.Code);
        Assert.Equal(2, gateway.Seen.Count);
        Assert.Contains("ROLL_FORWARD_PAUSED", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollback_that_is_waited_for_is_reached_when_all_is_as_before()
    {
        await using var gateway = await StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(
            context, before == 0 ? Receipt : Job("running", "ROLLED_BACK")));
        Assert.Equal(0, (await CommandLine.RunAsync(gateway, "update", "rollback", "shop/prod/web", "--wait")).Code);
    }

    [Fact]
    public async Task The_history_of_a_job_names_who_did_what()
    {
        await using var gateway = await StubGateway.WithAsync(Versions);
        var outcome = await CommandLine.RunAsync(gateway, "job", "history", "shop/prod/web");
        Assert.Equal(0, outcome.Code);
        var lines = outcome.Output.Split('\n');
        Assert.Matches("^2 \\* .* ann +0-2 +instances, task.command$", lines[1]);
        Assert.Matches("^1 .* bob$", lines[2]);
        Assert.Equal("2\n1\n", (await CommandLine.RunAsync(gateway, "job", "history", "shop/prod/web", "-o", "name")).Output);
    }

    [Fact]
    public async Task A_diff_of_versions_shows_what_goes_and_what_comes()
    {
        await using var gateway = await StubGateway.WithAsync(
            """
            {"key":"shop/prod/web","from":1,"to":2,
             "changes":[{"path":"instances","before":"2","after":"3"},{"path":"gang","after":"true"}]}
            """);
        var outcome = await CommandLine.RunAsync(gateway, "job", "diff", "shop/prod/web", "--from", "1", "--to", "2");
        Assert.Equal(1, outcome.Code);
        Assert.Equal("shop/prod/web: version 1 → version 2\n- instances: 2\n+ instances: 3\n+ gang: true\n", outcome.Output);
        Assert.Equal("/v1/jobs/shop/prod/web/diff?from=1&to=2", Assert.Single(gateway.Seen).PathAndQuery);
        var coloured = await CommandLine.RunAsync(gateway, new Surroundings { IsTerminal = true }, "job", "diff", "shop/prod/web");
        Assert.Contains("\e[31m- instances: 2\e[0m", coloured.Output, StringComparison.Ordinal);
        var json = await CommandLine.RunAsync(gateway, "job", "diff", "shop/prod/web", "-o", "json");
        Assert.Contains("\"path\": \"instances\"", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diff_of_a_file_asks_what_submitting_it_would_change()
    {
        await using var gateway = await StubGateway.WithAsync(
            $$"""{"jobs":[{"key":"shop/prod/web","outcome":"unchanged","version":2,"changes":[]}],"outlook":{{Canned.Outlook}} }""");
        var outcome = await CommandLine.RunAsync(gateway, new Surroundings { Input = Canned.JobFile }, "job", "diff", "-");
        Assert.Equal((0, "shop/prod/web: version 2 and the file are the same.\n"), (outcome.Code, outcome.Output));
        Assert.Equal("/v1/plan", Assert.Single(gateway.Seen).PathAndQuery);
        Assert.Equal(2, (await CommandLine.RunAsync(gateway, "job", "diff", "-", "--from", "1")).Code);
    }

    [Fact]
    public async Task A_job_goes_back_to_a_version()
    {
        await using var gateway = await StubGateway.WithAsync("""{"key":"shop/prod/web","version":5,"outcome":"updating"}""");
        var outcome = await CommandLine.RunAsync(
            gateway, "job", "rollback", "shop/prod/web", "--to", "2", "--if-version", "4", "--operation", "op");
        Assert.Equal(0, outcome.Code);
        var seen = Assert.Single(gateway.Seen);
        Assert.Equal(
            ("POST", "/v1/jobs/shop/prod/web/rollback", "op", "\"4\"", """{"to":2}"""),
            (seen.Method, seen.PathAndQuery, seen.OperationId, seen.IfMatch, seen.Body));
        Assert.Equal(2, (await CommandLine.RunAsync(gateway, "job", "rollback", "shop/prod/web")).Code);
    }

    private static string Job(string phase, string status) => $$"""
        {"key":"shop/prod/web","type":"service","phase":"{{phase}}","instances":3,"version":4,"counts":{},"revision":1,
         "spec":{"job":"web","role":"shop","env":"prod","type":"service","task":{"command":["b"]} },
         "update":{"fromVersion":3,"toVersion":4,"status":"{{status}}","done":1,"total":3} }
        """;
}
