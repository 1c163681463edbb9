using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class QuotaTests
{
    [Fact]
    public async Task A_quota_is_set_as_a_whole()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Role);
        var outcome = await CommandLine.RunAsync(
            gateway, "quota", "set", "shop", "--limit", "cpu=10,memory=64GiB", "--guarantee", "cpu=2", "--weight", "2.5", "--force",
            "--operation", "mine");
        Assert.Equal(("", 0), (outcome.Error, outcome.Code));
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("PUT", "/v1/quotas/shop", "mine"), (request.Method, request.PathAndQuery, request.OperationId));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(request.Body), JsonElement.Parse("""
            {"guarantee":{"cpuMillis":2000,"memoryMiB":0,"diskMiB":0,"gpuMillis":0},
             "limit":{"cpuMillis":10000,"memoryMiB":65536},"weight":2.5,"force":true}
            """)), request.Body);
    }

    [Fact]
    public async Task A_weight_alone_says_nothing_about_the_quota()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Role);
        await CommandLine.RunAsync(gateway, "quota", "set", "eng/web", "--weight", "3");
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("/v1/quotas/eng/web", """{"weight":3,"force":false}"""), (request.PathAndQuery, request.Body));
    }

    [Fact]
    public async Task A_quota_is_removed()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Role);
        Assert.Equal(0, (await CommandLine.RunAsync(gateway, "quota", "remove", "eng.web")).Code);
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("DELETE", "/v1/quotas/eng.web", ""), (request.Method, request.PathAndQuery, request.Body));
        Assert.NotNull(request.OperationId);
    }

    [Fact]
    public async Task One_role_is_told_with_its_warning()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Role);
        Assert.Equal("""
            Role       shop
            Limit      cpu 10, memory 64GiB
            Guarantee  cpu 2
            Weight     2
            Has        cpu 12
            Counts     cpu 12.5
            Share      25 %
            Waiting    4
            Warning    shop uses more than its limit.

            """, (await CommandLine.RunAsync(gateway, "quota", "get", "shop")).Output);
    }

    [Fact]
    public async Task Roles_are_listed()
    {
        await using var gateway = await StubGateway.WithAsync($$"""{"items":[{{Canned.Role}},{"role":"eng/web"}]}""");
        Assert.Equal(
            "ROLE     LIMIT                 GUARANTEE  HAS      SHARE  WAITING\n" +
            "shop     cpu 10, memory 64GiB  cpu 2      cpu 12   25 %   4\n" +
            "eng/web  none                  nothing    nothing  0 %    0\n", (await CommandLine.RunAsync(gateway, "quota", "list")).Output);
        Assert.Equal("shop\neng/web\n", (await CommandLine.RunAsync(gateway, "quota", "list", "-o", "name")).Output);
        Assert.Contains("shop uses more", (await CommandLine.RunAsync(gateway, "quota", "list", "-o", "wide")).Output);
    }

    [Theory]
    [InlineData("set", "shop")]
    [InlineData("set", "shop", "--limit", "cpu=-1")]
    [InlineData("set", "shop", "--limit", "cores=1")]
    [InlineData("set", "shop", "--limit", "memory=64")]
    [InlineData("set", "shop", "--limit", "memory=99999999999999999999GiB")]
    [InlineData("set", "shop", "--weight", "0")]
    [InlineData("set", "shop", "--weight", "NaN")]
    [InlineData("set", "shop", "--weight", "heavy")]
    [InlineData("set", "--limit", "cpu=1")]
    [InlineData("get")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_asked(params string[] words)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Role);
        var outcome = await CommandLine.RunAsync(gateway, ["quota", .. words]);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.NotEmpty(outcome.Error);
        Assert.Empty(gateway.Seen);
    }

    [Theory]
    [InlineData(404, "role-not-found", 3)]
    [InlineData(409, "quota-below-use", 4)]
    [InlineData(422, "weight-not-positive", 2)]
    public async Task A_problem_has_its_exit_code(int status, string code, int expected)
    {
        await using var gateway = await StubGateway.WithProblemAsync(status, code);
        var outcome = await CommandLine.RunAsync(gateway, "quota", "set", "shop", "--weight", "1");
        Assert.Equal(expected, outcome.Code);
        Assert.Contains($"[{code}]", outcome.Error);
    }
}
