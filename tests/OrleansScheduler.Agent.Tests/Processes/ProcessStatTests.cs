using System.Text;

namespace OrleansScheduler.Agent.Tests;

public sealed class ProcessStatTests
{
    [Theory]
    [InlineData("sleep")]
    [InlineData("a b) R 1 2 (c")]
    public void A_stat_line_is_read_whatever_the_command_is_called(string command)
    {
        var line = $"42 ({command}) S 1 43 44 0 -1 4194560 90 0 0 0 0 0 0 0 20 0 1 0 987654 2500000 200 18446744073709551615\n";

        Assert.Equal(new ProcessStat(42, 'S', 43, 44, 987654), ProcessStat.Parse(Encoding.UTF8.GetBytes(line)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("42 (sleep) S 1 43")]
    [InlineData("nonsense")]
    public void Anything_else_is_not_a_process(string line) => Assert.Null(ProcessStat.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void This_process_runs_and_a_later_one_with_its_number_would_not_be_it()
    {
        var self = ProcessStat.Of(Environment.ProcessId)!.Value;

        Assert.True(self.StillRuns());
        Assert.False((self with { StartTicks = self.StartTicks + 1 }).StillRuns());
        Assert.Null(ProcessStat.Of(int.MaxValue));
    }
}
