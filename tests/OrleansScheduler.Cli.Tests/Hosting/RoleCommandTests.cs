namespace OrleansScheduler.Cli.Tests;

public sealed class RoleCommandTests
{
    [Fact]
    public async Task The_embedded_store_needs_no_tables()
    {
        var outcome = await CommandLine.RunAsync("silo", "--init-storage");
        Assert.Equal((0, "The configured storage needs no tables made beforehand.\n"), (outcome.Code, outcome.Error));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_unreachable()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            $$"""
            {"Orleans": {"GrainStorage": {"Default": {
              "ProviderType": "AdoNet", "Invariant": "Npgsql",
              "ConnectionString": "Host=127.0.0.1;Port={{LoopbackPort.Free()}};Timeout=2" } } } }
            """,
            TestContext.Current.CancellationToken);
        var outcome = await CommandLine.RunAsync("silo", "--init-storage", "--config", file);
        Assert.Equal(5, outcome.Code);
        Assert.Contains("the tables could not be made", outcome.Error);
        File.Delete(file);
    }

    [Theory]
    [InlineData("--config", "silo", "--config", "/no/such/file")]
    [InlineData("--metrics", "silo", "--metrics", "somewhere")]
    [InlineData("--attribute", "agent", "--attribute", "rack")]
    [InlineData("--port", "dev", "--port", "99999")]
    public async Task A_wrong_option_of_a_role_is_named(string option, params string[] args)
    {
        var outcome = await CommandLine.RunAsync(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(option, outcome.Error);
    }
}
