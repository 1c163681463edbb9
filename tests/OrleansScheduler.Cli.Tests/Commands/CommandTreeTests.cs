namespace OrleansScheduler.Cli.Tests;

public sealed class CommandTreeTests
{
    [Theory]
    [InlineData("jbo", "job")]
    [InlineData("evnets", "events")]
    [InlineData("expain", "explain")]
    public async Task A_mistyped_verb_is_corrected(string typed, string meant)
    {
        var outcome = await CommandLine.RunAsync(typed);
        Assert.Equal(2, outcome.Code);
        Assert.Contains($"Did you mean '{meant}'?", outcome.Error);
    }

    [Fact]
    public async Task A_word_that_is_like_no_verb_gets_no_suggestion() =>
        Assert.DoesNotContain("Did you mean", (await CommandLine.RunAsync("xylophone")).Error);

    [Fact]
    public async Task Help_starts_with_examples()
    {
        var outcome = await CommandLine.RunAsync("job", "run", "--help");
        Assert.Equal(0, outcome.Code);
        Assert.StartsWith("Examples:\n  osched job run web.yaml\n", outcome.Output);
        Assert.Contains("--timeout", outcome.Output);
    }

    [Fact]
    public async Task Every_verb_describes_itself()
    {
        var root = Osched.CreateRoot(Terminal.OfProcess());
        var verbs = new Queue<System.CommandLine.Command>(root.Subcommands);
        var count = 0;
        while (verbs.TryDequeue(out var verb))
        {
            count++;
            Assert.False(string.IsNullOrEmpty(verb.Description), verb.Name);
            foreach (var option in verb.Options) Assert.False(string.IsNullOrEmpty(option.Description), $"{verb.Name} {option.Name}");
            foreach (var child in verb.Subcommands) verbs.Enqueue(child);
        }

        Assert.True(count > 20);
        Assert.StartsWith("osched ", (await CommandLine.RunAsync("--version")).Output);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _osched osched")]
    [InlineData("zsh", "compdef _osched osched")]
    [InlineData("fish", "complete -c osched")]
    public async Task Completion_scripts_ask_the_command_itself(string shell, string expected)
    {
        var outcome = await CommandLine.RunAsync("completion", shell);
        Assert.Equal(0, outcome.Code);
        Assert.Contains(expected, outcome.Output);
        Assert.Contains("[suggest:", outcome.Output);
    }

    [Fact]
    public async Task What_the_scripts_ask_is_answered_with_verbs()
    {
        var lines = (await CommandLine.RunAsync("[suggest:11]", "osched job ")).Output.Split('\n');
        Assert.Superset(new HashSet<string> { "run", "list", "status", "scale" }, lines.ToHashSet());
    }
}
