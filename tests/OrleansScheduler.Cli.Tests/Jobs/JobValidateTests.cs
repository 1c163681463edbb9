namespace OrleansScheduler.Cli.Tests;

public sealed class JobValidateTests
{
    [Fact]
    public async Task A_right_file_is_listed_without_asking_a_gateway()
    {
        var outcome = await CommandLine.RunAsync(gateway: null, new Surroundings { Input = Canned.JobFile }, "job", "validate", "-");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("shop/prod/web  service  1", outcome.Output);
    }

    [Fact]
    public async Task Every_wrong_field_is_named_with_its_place()
    {
        const string File =
            "job: web\nrole: shop\nenv: prod\ntype: service\ninstances: -1\ncolour: red\ntask: { command: [sleep, '60'] }\n";
        var outcome = await CommandLine.RunAsync(gateway: null, new Surroundings { Input = File }, "job", "validate", "-");
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        var lines = outcome.Error.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Single(lines, line => line.StartsWith("stdin:5:12: instances: ", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith("stdin:6:1: colour: ", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Matches(@" \[[a-z-]+\]$", line));
    }

    [Fact]
    public async Task The_files_that_init_writes_are_right()
    {
        foreach (var type in (string[])["service", "batch"])
        {
            var text = (await CommandLine.RunAsync("job", "init", "-", "--type", type)).Output;
            Assert.Equal(0, (await CommandLine.RunAsync(gateway: null, new Surroundings { Input = text }, "job", "validate", "-")).Code);
        }
    }
}
