namespace OrleansScheduler.Gateway.Tests;

/// <summary>One line per way to get it wrong: status, code, and the field that is named.</summary>
public sealed class BadInputTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const string Good = "job: web\nrole: bad\nenv: prod\ntype: service\ntask: { command: [x] }\n";
    private const string Yaml = "application/yaml";
    private const string Json = "application/json";

    public static TheoryData<string, string, string?, string?, int, string, string?> Table => new()
    {
        { "GET", "/v1/nothing", null, null, 404, "route-not-found", null },
        { "GET", "/v1/jobs/only/two", null, null, 404, "route-not-found", null },
        { "DELETE", "/v1/jobs", null, null, 405, "method-not-allowed", null },
        { "POST", "/v1/cell", null, null, 405, "method-not-allowed", null },
        { "GET", "/v1/jobs?limit=0", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/jobs?limit=501", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/jobs?limit=ten", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/jobs?limit=1&limit=2", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/jobs?limit=99999999999999999999", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/jobs?role=a/b", null, null, 400, "bad-parameter", "role" },
        { "GET", "/v1/jobs?env=", null, null, 400, "bad-parameter", "env" },
        { "GET", "/v1/jobs?page=!!", null, null, 400, "bad-page-token", "page" },
        { "GET", "/v1/jobs?page=aGVsbG8", null, null, 400, "bad-page-token", "page" },
        { "GET", "/v1/tasks?page=c2hvcC9wcm9kL3dlYg", null, null, 400, "bad-page-token", "page" },
        { "GET", "/v1/tasks?job=web", null, null, 400, "bad-parameter", "job" },
        { "GET", "/v1/tasks?status=ALIVE", null, null, 400, "bad-parameter", "status" },
        { "GET", "/v1/tasks?node=..", null, null, 400, "bad-parameter", "node" },
        { "GET", "/v1/jobs/bad/prod/.hidden", null, null, 400, "bad-parameter", "name" },
        { "GET", "/v1/jobs/bad/prod/none", null, null, 404, "job-not-found", null },
        { "GET", "/v1/jobs/bad/prod/none/tasks", null, null, 404, "job-not-found", null },
        { "GET", "/v1/jobs/bad/prod/none/tasks?from=-1", null, null, 400, "bad-parameter", "from" },
        { "GET", "/v1/tasks/bad/prod/web/first", null, null, 400, "bad-parameter", "instance" },
        { "GET", "/v1/tasks/bad/prod/web/10000", null, null, 400, "bad-parameter", "instance" },
        { "GET", "/v1/tasks/bad/prod/web/9", null, null, 404, "task-not-found", null },
        { "POST", "/v1/tasks/bad/prod/web/9/kill", null, null, 404, "task-not-found", null },
        { "GET", "/v1/tasks/bad/prod/web/0/logs?stream=stdin", null, null, 400, "bad-parameter", "stream" },
        { "GET", "/v1/tasks/bad/prod/web/0/logs?attempt=0", null, null, 400, "bad-parameter", "attempt" },
        { "GET", "/v1/tasks/bad/prod/web/0/logs?limit=262145", null, null, 400, "bad-parameter", "limit" },
        { "GET", "/v1/tasks/bad/prod/web/0/logs?offset=end", null, null, 400, "bad-parameter", "offset" },
        { "GET", "/v1/tasks/bad/prod/web/0/logs?follow=maybe", null, null, 400, "bad-parameter", "follow" },
        { "GET", "/v1/nodes/..%2F..%2Fetc", null, null, 400, "bad-parameter", "id" },
        { "GET", "/v1/nodes/nobody", null, null, 404, "node-not-found", null },
        { "POST", "/v1/nodes/nobody/drain", null, null, 404, "node-not-found", null },
        { "GET", "/v1/nodes/nobody/drain", null, null, 404, "node-not-found", null },
        { "GET", "/v1/nodes/../drain", null, null, 404, "route-not-found", null },
        { "POST", "/v1/nodes/nobody/schedule", "{}", Json, 404, "node-not-found", null },
        { "POST", "/v1/nodes/nobody/drain", "{\"sla\":{}}", Json, 422, "sla-kind", "sla" },
        { "POST", "/v1/nodes/nobody/drain", "{\"sla\":{\"percentage\":95,\"count\":1}}", Json, 422, "sla-kind", "sla" },
        { "POST", "/v1/nodes/nobody/drain", "{\"sla\":{\"percentage\":101}}", Json, 422, "out-of-range", "sla.percentage" },
        { "POST", "/v1/nodes/nobody/drain", "{\"sla\":{\"count\":-1}}", Json, 422, "below-minimum", "sla.count" },
        { "POST", "/v1/nodes/nobody/drain", "{\"sla\":{\"count\":1,\"duration\":\"long\"}}", Json, 422, "bad-quantity", "sla.duration" },
        { "POST", "/v1/nodes/nobody/drain", "{\"deadline\":\"-1s\"}", Json, 422, "bad-quantity", "deadline" },
        { "POST", "/v1/nodes/nobody/drain", "{\"percentage\":95}", Json, 400, "malformed-json", "percentage" },
        { "POST", "/v1/nodes/nobody/schedule", "{\"from\":\"tomorrow\"}", Json, 400, "malformed-json", "from" },
        { "GET", "/v1/jobs/bad/prod/none/sla", null, null, 404, "job-not-found", null },
        { "GET", "/v1/jobs/bad/prod/none/sla?window=31d", null, null, 400, "bad-parameter", "window" },
        { "GET", "/v1/events?wait=15", null, null, 400, "bad-parameter", "wait" },
        { "GET", "/v1/events?wait=2h", null, null, 400, "bad-parameter", "wait" },
        { "GET", "/v1/events?limit=501", null, null, 400, "bad-parameter", "limit" },
        { "POST", "/v1/jobs", Good, "text/plain", 415, "unsupported-media", null },
        { "POST", "/v1/jobs", Good, null, 415, "unsupported-media", null },
        { "POST", "/v1/jobs", Good, "application/yaml; charset=utf-16", 415, "unsupported-media", null },
        { "POST", "/v1/jobs/validate", Good, "multipart/form-data", 415, "unsupported-media", null },
        { "POST", "/v1/jobs", "", Yaml, 400, "body-required", "" },
        { "POST", "/v1/jobs", "job: [", Yaml, 400, "syntax", "" },
        { "POST", "/v1/jobs", "{\"job\":", Json, 400, "syntax", "" },
        { "POST", "/v1/jobs", Good + "colour: red\n", Yaml, 422, "unknown-field", "colour" },
        { "POST", "/v1/jobs", Good + "instances: -1\n", Yaml, 422, "below-minimum", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", null, null, 400, "malformed-request", null },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{}", Json, 400, "malformed-json", "" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":", Json, 400, "malformed-json", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":\"3\"}", Json, 400, "malformed-json", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":2,\"instances\":3}", Json, 400, "malformed-json", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":2,\"force\":true}", Json, 400, "malformed-json", "force" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":0}", Json, 422, "invalid-instances", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "{\"instances\":10001}", Json, 422, "invalid-instances", "instances" },
        { "POST", "/v1/jobs/bad/prod/known/scale", "instances=3", "application/x-www-form-urlencoded", 415, "unsupported-media", null },
        { "POST", "/v1/jobs/bad/prod/known/stop", "{\"instances\":[0,-1]}", Json, 422, "invalid-instances", "instances[1]" },
        { "POST", "/v1/jobs/bad/prod/known/stop", "[1]", Json, 400, "malformed-json", "" },
        { "POST", "/v1/jobs/bad/prod/none/restart", null, null, 404, "job-not-found", null },
        { "POST", "/v1/plan", "job: [", Yaml, 400, "syntax", "" },
        { "POST", "/v1/plan", Good + "instances: -1\n", Yaml, 422, "below-minimum", "instances" },
        { "POST", "/v1/plan", Good, "text/plain", 415, "unsupported-media", null },
        { "GET", "/v1/quotas/nobody", null, null, 404, "role-not-found", null },
        { "GET", "/v1/quotas/a%20b", null, null, 400, "bad-parameter", "role" },
        { "GET", "/v1/quotas?page=IA", null, null, 400, "bad-page-token", "page" },
        { "PUT", "/v1/quotas/bad", null, null, 400, "malformed-request", null },
        { "PUT", "/v1/quotas/bad", "null", Json, 400, "malformed-request", null },
        { "PUT", "/v1/quotas/bad", "{}", Json, 422, "required", "" },
        { "PUT", "/v1/quotas/bad", "{\"limits\":{}}", Json, 400, "malformed-json", "limits" },
        { "PUT", "/v1/quotas/bad", "{\"limit\":{\"cpu\":1}}", Json, 400, "malformed-json", "limit.cpu" },
        { "PUT", "/v1/quotas/bad", "{\"limit\":{\"cpuMillis\":0.5}}", Json, 400, "malformed-json", "limit.cpuMillis" },
        { "PUT", "/v1/quotas/bad", "{\"limit\":{\"cpuMillis\":-1}}", Json, 422, "below-minimum", "limit.cpuMillis" },
        { "PUT", "/v1/quotas/bad", "{\"guarantee\":{\"memoryMiB\":1125899906842625}}", Json, 422, "above-maximum", "guarantee.memoryMiB" },
        {
            "PUT", "/v1/quotas/bad", "{\"guarantee\":{\"memoryMiB\":9223372036854775808}}",
            Json, 400, "malformed-json", "guarantee.memoryMiB"
        },
        {
            "PUT", "/v1/quotas/bad", "{\"guarantee\":{\"cpuMillis\":2},\"limit\":{\"cpuMillis\":1}}",
            Json, 422, "quota-guarantee-above-limit", "guarantee"
        },
        { "PUT", "/v1/quotas/bad", "{\"weight\":0}", Json, 422, "weight-not-positive", "weight" },
        { "PUT", "/v1/quotas/bad", "{\"weight\":1e999}", Json, 422, "weight-not-positive", "weight" },
        { "POST", "/v1/what-if", "{\"quotas\":[{\"role\":\"a/../b\"}]}", Json, 422, "bad-name", "quotas[0].role" },
        { "POST", "/v1/nodes/nobody/reservations", "{\"role\":\"a\",\"amount\":{\"cpuMillis\":1}}", Json, 404, "node-not-found", null },
        { "POST", "/v1/nodes/nobody/reservations", "{\"role\":\"a\",\"amount\":{}}", Json, 422, "required", "amount" },
        { "POST", "/v1/nodes/nobody/reservations", "{\"role\":null,\"amount\":null}", Json, 422, "invalid-reservation", "role" },
        { "POST", "/v1/nodes/nobody/reservations", "{\"role\":\"a b\",\"amount\":{\"cpuMillis\":1}}", Json, 422, "bad-name", "role" },
        { "POST", "/v1/nodes/nobody/reservations", "{\"role\":\"a\"}", Json, 400, "malformed-json", "" },
        { "DELETE", "/v1/nodes/nobody/reservations?role=a", null, null, 422, "required", null },
        { "DELETE", "/v1/nodes/nobody/reservations?role=a&cpuMillis=-1", null, null, 400, "bad-parameter", "cpuMillis" },
        { "DELETE", "/v1/nodes/nobody/reservations?cpuMillis=1", null, null, 400, "bad-parameter", "role" },
        { "POST", "/v1/what-if", "{\"addNode\":[]}", Json, 400, "malformed-json", "addNode" },
        { "POST", "/v1/what-if", "{\"addNodes\":[null]}", Json, 422, "required", "addNodes[0]" },
        {
            "POST", "/v1/what-if", "{\"addNodes\":[{\"count\":0,\"capacity\":{\"cpuMillis\":1}}]}",
            Json, 422, "below-minimum", "addNodes[0].count"
        },
        {
            "POST", "/v1/what-if", "{\"addNodes\":[{\"count\":100001,\"capacity\":{\"cpuMillis\":1}}]}",
            Json, 422, "invalid-what-if", "addNodes[0].count"
        },
        { "POST", "/v1/what-if", "{\"addNodes\":[{\"count\":1,\"capacity\":null}]}", Json, 422, "required", "addNodes[0].capacity" },
        {
            "POST", "/v1/what-if", "{\"addNodes\":[{\"count\":2,\"capacity\":{\"cpuMillis\":1125899906842624}}]}",
            Json, 422, "arithmetic-overflow", "addNodes[0].capacity"
        },
        {
            "POST", "/v1/what-if", "{\"addNodes\":[{\"count\":1,\"capacity\":{\"cpuMillis\":1},\"attributes\":{\"r\":[]}}]}",
            Json, 422, "bad-attribute", "addNodes[0].attributes"
        },
        { "POST", "/v1/what-if", "{\"drainNodes\":[\"a\",\"a\"]}", Json, 422, "duplicate", "drainNodes[1]" },
        { "POST", "/v1/what-if", "{\"drainNodes\":[\"../x\"]}", Json, 422, "bad-name", "drainNodes[0]" },
        { "POST", "/v1/what-if", "{\"scale\":[{\"job\":\"web\",\"instances\":1}]}", Json, 400, "malformed-json", "scale[0].job" },
        { "POST", "/v1/what-if", "{\"scale\":[{\"job\":\"a/b/c\",\"instances\":-1}]}", Json, 422, "below-minimum", "scale[0].instances" },
        { "POST", "/v1/what-if", "{\"quotas\":[{\"role\":\"\",\"quota\":null}]}", Json, 422, "bad-name", "quotas[0].role" },
        {
            "POST", "/v1/what-if", "{\"quotas\":[{\"role\":\"a\",\"quota\":{\"limit\":{\"diskMiB\":-1}}}]}",
            Json, 422, "below-minimum", "quotas[0].quota.limit.diskMiB"
        },
        {
            "POST", "/v1/what-if",
            "{\"jobs\":[{\"job\":\"a\",\"role\":\"b\",\"env\":\"c\",\"type\":\"service\",\"instances\":0,\"task\":{\"command\":[\"x\"]}}]}",
            Json, 422, "below-minimum", "jobs[0].instances"
        },
    };

    [Theory, MemberData(nameof(Table))]
    public async Task It_is_named_and_nothing_changes(
        string method, string path, string? body, string? type, int status, string code, string? field)
    {
        fixture.Cell.AddJob("bad/prod/known");
        var (jobs, commands) = (fixture.Cell.Jobs.Count, fixture.Cell.Commands.Count);
        var problem = await (await fixture.Http.Send(method, path, body, type)).Problem((HttpStatusCode)status);
        Assert.Equal(code, problem.Code());
        if (field is not null)
            Assert.Contains(problem.GetProperty("errors").EnumerateArray(), error => error.GetProperty("path").GetString() == field);
        Assert.Equal((jobs, commands), (fixture.Cell.Jobs.Count, fixture.Cell.Commands.Count));
    }

    [Theory]
    [InlineData("Idempotency-Key", "", "bad-idempotency-key")]
    [InlineData("Idempotency-Key", "tab\there", "bad-idempotency-key")]
    [InlineData("Idempotency-Key", "256", "bad-idempotency-key")]
    [InlineData("If-Match", "3", "bad-if-match")]
    [InlineData("If-Match", "\"\"", "bad-if-match")]
    [InlineData("If-Match", "\"-1\"", "bad-if-match")]
    [InlineData("If-Match", "*", "bad-if-match")]
    public async Task A_bad_header_is_named(string name, string value, string code)
    {
        using var response = await fixture.Http.Send("POST", "/v1/jobs", Good, headers: (name, value == "256" ? new('k', 256) : value));
        var problem = await response.Problem(HttpStatusCode.BadRequest);
        Assert.Equal((code, name), (problem.Code(), problem.GetProperty("errors")[0].GetProperty("path").GetString()));
    }

    [Fact]
    public async Task If_Match_is_for_one_document_only()
    {
        var file = $"{Good}---\n{Good.Replace("job: web", "job: other")}";
        using var response = await fixture.Http.Send("POST", "/v1/jobs", file, headers: ("If-Match", "\"1\""));
        var problem = await response.Problem(HttpStatusCode.BadRequest);
        Assert.Equal("bad-if-match", problem.Code());
    }

    [Fact]
    public async Task Every_wrong_parameter_is_named_at_once()
    {
        var problem = await (await fixture.Http.Send("GET", "/v1/jobs?role=a b&limit=x&page=?")).Problem(HttpStatusCode.BadRequest);
        Assert.Equal(
            ["role", "limit", "page"],
            problem.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task A_wrong_method_is_told_the_right_ones() =>
        Assert.Equal(["GET", "POST"], (await fixture.Http.Send("PUT", "/v1/jobs")).Content.Headers.Allow.Order());

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_body_over_one_mebibyte_is_too_large_whether_it_says_so_or_not(bool chunked)
    {
        using var request =
            new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new ByteArrayContent(new byte[JobLimits.MaxFileBytes + 1]) };
        request.Content.Headers.ContentType = new(Yaml);
        request.Headers.TransferEncodingChunked = chunked;
        Assert.Equal(
            "body-too-large", (await (await fixture.Http.SendAsync(request)).Problem(HttpStatusCode.RequestEntityTooLarge)).Code());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_sends_too_much_always_gets_to_read_why(bool chunked)
    {
        for (var time = 0; time < 20; time++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new ByteArrayContent(new byte[4_000_000]) };
            request.Content.Headers.ContentType = new(Yaml);
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await fixture.Http.SendAsync(request);
            Assert.Equal("body-too-large", (await response.Problem(HttpStatusCode.RequestEntityTooLarge)).Code());
        }
    }

    [Fact]
    public async Task A_packed_body_is_not_unpacked()
    {
        using var content = new ByteArrayContent([31, 139]);
        content.Headers.ContentType = new(Yaml);
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await fixture.Http.PostAsync("/v1/jobs", content);
        Assert.Equal("body-encoded", (await response.Problem(HttpStatusCode.UnsupportedMediaType)).Code());
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Origin", "https://evil.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    public async Task Pages_of_other_sites_give_no_commands(string header, string value, bool allowed)
    {
        fixture.Cell.AddJob("bad/prod/known");
        using var response = await fixture.Http.Send("POST", "/v1/jobs/bad/prod/known/restart", headers: (header, value));
        if (allowed) Assert.True(response.IsSuccessStatusCode);
        else Assert.Equal("cross-site", (await response.Problem(HttpStatusCode.Forbidden)).Code());
    }

    [Fact]
    public async Task Every_response_says_how_browsers_must_treat_it()
    {
        foreach (var path in new[] { "/", "/v1/cell", "/v1/nothing", "/v1/jobs?limit=0" })
        {
            var headers = (await fixture.Http.Send("GET", path)).Headers;
            Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
            Assert.Contains("default-src 'self'", Assert.Single(headers.GetValues("Content-Security-Policy")));
            Assert.Equal("no-store", headers.CacheControl?.ToString());
            Assert.False(headers.Contains("Server"));
        }
    }
}
