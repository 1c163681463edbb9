namespace OrleansScheduler.Gateway.Tests;

public sealed class ResumeTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_cell_in_safe_mode_says_why_and_ends_it_when_it_is_resumed()
    {
        fixture.Cell.Record = fixture.Cell.Record with { SafeMode = true, RestoredFrom = "an old store" };
        var before = await fixture.Http.Get<CellView>("/v1/cell");
        Assert.Equal((true, "an old store"), (before.SafeMode, before.SafeModeReason));

        using var answer = await fixture.Http.PostAsync("/v1/cell/resume", content: null, TestContext.Current.CancellationToken);
        var after = await answer.Read<CellView>();
        Assert.Equal((false, null), (after.SafeMode, after.SafeModeReason));
    }
}
