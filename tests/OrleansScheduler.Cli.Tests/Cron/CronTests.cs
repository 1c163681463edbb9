namespace OrleansScheduler.Cli.Tests;

public sealed class CronTests
{
    private const string Run = """
        {"number":7,"trigger":{"origin":"schedule","occurrence":"2026-01-02T03:00:00+00:00"},"startedAt":"2026-01-02T03:00:00Z","version":2,
         "firstInstance":0,"instances":3,"endedAt":"2026-01-02T03:01:05Z","outcome":"finished"}
        """;

    [Fact]
    public async Task A_schedule_is_explained_without_a_cell()
    {
        var outcome = await CommandLine.RunAsync(
            "cron", "explain", "30 2 * * SUN,mon", "--timezone", "Europe/Berlin", "--from", "2026-03-28", "--count", "3");
        Assert.Equal(("", 0), (outcome.Error, outcome.Code));
        Assert.Equal("""
            FIELD         IS       MEANS
            minute        30       30
            hour          2        2
            day of month  *        every day of month
            month         *        every month
            day of week   SUN,mon  Sun, Mon

            NEXT                        DAY  UTC
            2026-03-29 03:00:00 +02:00  Sun  2026-03-29 01:00:00
            2026-03-30 02:30:00 +02:00  Mon  2026-03-30 00:30:00
            2026-04-05 02:30:00 +02:00  Sun  2026-04-05 00:30:00

            """, outcome.Output);
        var json = await CommandLine.RunAsync("cron", "explain", "*/20 * * * * *", "-o", "json");
        Assert.Contains("every 20th second from 0", json.Output);
    }

    [Theory]
    [InlineData("cron-invalid", "* * * * 7")]
    [InlineData("cron-invalid", "0 0 1 * MON")]
    [InlineData("cron-never-fires", "0 0 30 2 *")]
    [InlineData("timezone-unknown", "* * * * *", "--timezone", "Mars/Olympus")]
    public async Task A_schedule_that_is_none_is_refused_with_its_code(string code, params string[] words)
    {
        var outcome = await CommandLine.RunAsync(["cron", "explain", .. words]);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains($"[{code}]", outcome.Error);
    }

    [Theory]
    [InlineData("explain")]
    [InlineData("explain", "* * * * *", "--from", "soon")]
    [InlineData("explain", "* * * * *", "--count", "0")]
    [InlineData("explain", "* * * * *", "--count", "1001")]
    [InlineData("start", "report")]
    [InlineData("pause")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_asked(params string[] words)
    {
        await using var gateway = await StubGateway.WithAsync("{}");
        var outcome = await CommandLine.RunAsync(gateway, ["cron", .. words]);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.NotEmpty(outcome.Error);
        Assert.Empty(gateway.Seen);
    }

    [Theory]
    [InlineData("start")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("stop")]
    public async Task A_command_is_sent_with_its_operation(string verb)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Command);
        var outcome = await CommandLine.RunAsync(gateway, "cron", verb, "shop/prod/report", "--operation", "mine");
        Assert.Equal(("Stopping 3 instances.\n", 0), (outcome.Output, outcome.Code));
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("POST", $"/v1/cron/shop/prod/report/{verb}", "mine"), (request.Method, request.PathAndQuery, request.OperationId));
    }

    [Fact]
    public async Task Cron_jobs_are_listed_with_their_last_run()
    {
        await using var gateway = await StubGateway.WithAsync($$"""{"items":[{{Job($$"""{"recent":[{{Run}}],"paused":true}""")}}]}""");
        var outcome = await CommandLine.RunAsync(gateway, "cron", "list", "--role", "shop");
        Assert.Equal(("", 0), (outcome.Error, outcome.Code));
        Assert.Matches(@"shop/prod/report\s+\*/5 \* \* \* \*\s+Europe/Berlin\s+paused\s+0\s+finished \d+d\d+h ago", outcome.Output);
        Assert.StartsWith("/v1/cron?role=shop", Assert.Single(gateway.Seen).PathAndQuery);
    }

    [Fact]
    public async Task A_cron_job_is_told_with_its_runs()
    {
        await using var gateway = await StubGateway.WithAsync(
            Job($$"""{"recent":[{{Run}}],"nextRuns":["2096-01-02T03:05:00+01:00","2096-01-02T03:10:00+01:00"],"started":7,"missed":2}"""));
        var outcome = await CommandLine.RunAsync(gateway, "cron", "status", "shop/prod/report");
        Assert.Equal(("", 0), (outcome.Error, outcome.Code));
        Assert.Matches(@"Next\s+2096-01-02 03:05:00 \+01:00 \(in \d+d\d+h\)\nThen\s+2096-01-02 03:10:00 \+01:00", outcome.Output);
        Assert.Contains("7 started, 0 passed over, 2 missed", outcome.Output);
        Assert.Matches(@"7\s+the run of 2026-01-02T03:00:00Z\s+2026-01-02 03:00:00 \+00:00\s+1m5s\s+2\s+0-2\s+finished", outcome.Output);
    }

    [Fact]
    public async Task A_job_without_a_schedule_has_no_cron_status()
    {
        await using var gateway = await StubGateway.WithAsync("""
            {"key":"shop/prod/web","type":"service","phase":"running","instances":1,"version":1,"counts":{},
             "spec":{"job":"web","role":"shop","env":"prod","type":"service","task":{"command":["true"]} } }
            """);
        var outcome = await CommandLine.RunAsync(gateway, "cron", "status", "shop/prod/web");
        Assert.Equal(4, outcome.Code);
        Assert.Contains("[not-a-cron-job]", outcome.Error);
    }

    [Theory]
    [InlineData("finished", 0, "")]
    [InlineData("failed", 1, "osched: shop/prod/report: run 7 failed\n")]
    [InlineData("killed", 1, "osched: shop/prod/report: run 7 was killed\n")]
    public async Task Waiting_for_a_start_waits_for_the_run_that_it_asked_for(string end, int code, string error)
    {
        await using var gateway = await StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(context, before switch
        {
            0 => Canned.Command,
            1 => Job("""{"waiting":{"origin":"user","operation":"mine"} }"""),
            2 => Job($$"""{"active":[{{Asked("running")}}]}"""),
            _ => Job($$"""{"recent":[{{Run}},{{Asked(end)}}]}"""),
        }));
        var outcome = await CommandLine.RunAsync(gateway, "cron", "start", "shop/prod/report", "--wait", "--operation", "mine");
        Assert.Equal(code, outcome.Code);
        Assert.EndsWith(error, outcome.Error);
        Assert.Equal(4, gateway.Seen.Count);
    }

    [Theory]
    [InlineData(404, "job-not-found", 3)]
    [InlineData(409, "cron-run-active", 4)]
    public async Task A_problem_has_its_exit_code(int status, string code, int expected)
    {
        await using var gateway = await StubGateway.WithProblemAsync(status, code);
        var outcome = await CommandLine.RunAsync(gateway, "cron", "start", "shop/prod/report", "--wait");
        Assert.Equal(expected, outcome.Code);
        Assert.Contains($"[{code}]", outcome.Error);
    }

    private static string Asked(string outcome) =>
        $$"""{"number":7,"trigger":{"origin":"user","operation":"mine"},"instances":3,"outcome":"{{outcome}}"}""";

    private static string Job(string cron) => $$"""
        {"key":"shop/prod/report","type":"cron","phase":"scheduled","instances":3,"version":2,"counts":{},"cron":{{cron}},
         "spec":{"job":"report","role":"shop","env":"prod","type":"cron","schedule":"*/5 * * * *","timezone":"Europe/Berlin",
          "task":{"command":["true"]} } }
        """;
}
