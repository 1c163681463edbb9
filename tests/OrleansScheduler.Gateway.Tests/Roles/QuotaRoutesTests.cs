namespace OrleansScheduler.Gateway.Tests;

public sealed class QuotaRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const string Json = "application/json";

    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task A_quota_is_set_read_and_removed_and_the_weight_stays()
    {
        var set = await (await Put("/v1/quotas/set.web", """
            {"guarantee":{"cpuMillis":2000},"limit":{"cpuMillis":10000,"memoryMiB":65536},"weight":2.5,"force":true}
            """)).Read<RoleView>();
        var quota = new Quota { Guarantee = new(2000, 0, 0, 0), Limit = new(10_000, 65_536, null, null) };
        Assert.Equal(("set/web", quota, 2.5), (set.Role, set.Quota, set.Weight));
        Assert.Contains(new RoleCommand("q1", "set/web", true, quota, 2.5, true, "anonymous"), _cell.Commands);
        Assert.Equal(set, await _http.Get<RoleView>("/v1/quotas/set.web"));

        var removed = await (await _http.Send("DELETE", "/v1/quotas/set.web", headers: ("Idempotency-Key", "q2"))).Read<RoleView>();
        Assert.Equal((null, 2.5), (removed.Quota, removed.Weight));
    }

    [Fact]
    public async Task A_weight_alone_leaves_the_quota_as_it_is()
    {
        await (await Put("/v1/quotas/weighed", """{"weight":3}""")).Read<RoleView>();
        Assert.Contains(new RoleCommand("q1", "weighed", false, null, 3, false, "anonymous"), _cell.Commands);
    }

    [Theory]
    [InlineData("eng.api", "eng/api")]
    [InlineData("eng/api", "eng/api")]
    [InlineData("spark.prod/etl", "spark.prod/etl")]
    [InlineData("*", "*")]
    public async Task A_role_is_named_as_in_a_job_file_or_by_its_path(string name, string path)
    {
        _cell.Roles[path] = new() { Role = path };
        Assert.Equal(path, (await _http.Get<RoleView>($"/v1/quotas/{name}")).Role);
    }

    [Fact]
    public async Task Roles_are_paged_by_path()
    {
        foreach (var role in new[] { "paged/b", "paged", "paged/a" }) _cell.Roles[role] = new() { Role = role };
        var first = await _http.Get<Page<RoleView>>("/v1/quotas?limit=1");
        var rest = await _http.Get<Page<RoleView>>($"/v1/quotas?limit=500&page={first.Next}");
        Assert.Equal(_cell.Roles.Keys.Order(StringComparer.Ordinal), first.Items.Concat(rest.Items).Select(role => role.Role));
        Assert.Null(rest.Next);
    }

    [Fact]
    public async Task What_a_node_has_is_set_aside_and_given_back()
    {
        _cell.AddNode("reserved");
        using var reserve = await _http.Send(
            "POST", "/v1/nodes/reserved/reservations", """{"role":"eng.web","amount":{"cpuMillis":500}}""", Json,
            ("Idempotency-Key", "r1"));
        await reserve.Read<NodeView>();
        Assert.Contains(new ReserveCommand("r1", "reserved", "eng/web", new(500, 0, 0, 0), false, "anonymous"), _cell.Commands);

        using var release = await _http.Send(
            "DELETE", "/v1/nodes/reserved/reservations?role=eng.web&memoryMiB=64", headers: ("Idempotency-Key", "r2"));
        await release.Read<NodeView>();
        Assert.Contains(new ReserveCommand("r2", "reserved", "eng/web", new(0, 64, 0, 0), true, "anonymous"), _cell.Commands);
    }

    private Task<HttpResponseMessage> Put(string path, string body) => _http.Send("PUT", path, body, Json, ("Idempotency-Key", "q1"));
}
