namespace OrleansScheduler.Gateway.Tests;

public sealed class NodeRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task Nodes_are_paged_by_id()
    {
        foreach (var id in new[] { "b", "a", "c" }) _cell.AddNode($"paged-{id}");
        var first = await _http.Get<Page<NodeView>>("/v1/nodes?limit=2");
        var second = await _http.Get<Page<NodeView>>($"/v1/nodes?limit=500&page={first.Next}");
        Assert.Equal(_cell.Nodes.Keys.Order(StringComparer.Ordinal), first.Items.Concat(second.Items).Select(node => node.Description.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_node_is_described_drained_and_undrained()
    {
        _cell.AddNode("drained");
        Assert.Equal("ready", (await _http.Get<NodeView>("/v1/nodes/drained")).Status);
        var drained = await (await _http.Send("POST", "/v1/nodes/drained/drain", headers: ("Idempotency-Key", "d"))).Read<NodeView>();
        Assert.Equal(MaintenanceMode.Draining, drained.Mode);
        var back = await (await _http.Send("POST", "/v1/nodes/drained/undrain", headers: ("Idempotency-Key", "u"))).Read<NodeView>();
        Assert.Equal(MaintenanceMode.None, back.Mode);
        Assert.Contains(("drain", "d", "anonymous"), _cell.Commands);
        Assert.Contains(("undrain", "u", "anonymous"), _cell.Commands);
    }

    [Fact]
    public async Task The_cell_adds_up_what_its_parts_know()
    {
        _cell.AddNode("counted");
        _cell.AddJob("counted/prod/web");
        var cell = await _http.Get<CellView>("/v1/cell");
        Assert.Equal(("testcell", 1, 2, 1, 4L), (cell.Name, cell.Silos, cell.Placed, cell.Pending, cell.LedgerEpoch));
        Assert.Equal("10.0.0.1:11111", cell.LedgerSilo);
        Assert.Equal(_cell.Jobs.Count, cell.Jobs);
        Assert.Equal(new Resources(500, 256, 0, 0), cell.Used);
        Assert.NotEmpty(cell.Version);
    }

    [Fact]
    public async Task Explain_tells_that_the_ledger_refused_a_claim()
    {
        var refused = JobKey.Parse("explain/prod/refused");
        _cell.AddJob(refused.ToString());
        _cell.Explanations[refused] = new() { Key = refused, Summary = "Too much waits. It is tried again." };
        Assert.Equal("Too much waits. It is tried again.", (await _http.Get<ExplainView>($"/v1/explain/{refused}")).Summary);
    }

    [Fact]
    public async Task Explain_answers_for_those_who_wait_and_for_those_who_do_not()
    {
        var waiting = JobKey.Parse("explain/prod/waiting");
        var group = new PendingGroup { Waiting = 2, Reasons = [new("insufficient-cpu", 3, "insufficient cpu")] };
        _cell.Explanations[waiting] = new() { Key = waiting, Summary = "No node has 64 cores.", Groups = [group] };
        _cell.AddJob("explain/prod/fine", 2);
        var view = await _http.Get<ExplainView>("/v1/explain/explain/prod/waiting");
        Assert.Equal("insufficient-cpu", Assert.Single(Assert.Single(view.Groups).Reasons).Code);
        Assert.Contains("2 RUNNING", (await _http.Get<ExplainView>("/v1/explain/explain/prod/fine")).Summary);
        await (await _http.Send("GET", "/v1/explain/explain/prod/nobody")).Problem(HttpStatusCode.NotFound);
    }
}
