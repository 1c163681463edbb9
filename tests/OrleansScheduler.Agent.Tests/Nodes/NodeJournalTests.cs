namespace OrleansScheduler.Agent.Tests;

public sealed class NodeJournalTests : IDisposable
{
    private static readonly JobKey Job = JobKey.Parse("shop/test/web");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-journal-").FullName;

    private string File1 => Path.Combine(_directory, "agent.wal");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_accepted_is_known_after_a_restart()
    {
        using (var journal = Open()) journal.Accept(5, [Record(0), Record(1)]);

        using var next = Open();
        Assert.Equal(5, next.LedgerEpoch);
        Assert.Equal(["shop/test/web/0#1", "shop/test/web/1#1"], next.Records.Select(record => record.Name));
        Assert.Equal("what it runs", next.Records[0].Spec);
        Assert.True(next.Contains(new(Job, 1, 1)));
        Assert.False(next.Contains(new(Job, 2, 1)));
    }

    [Fact]
    public void What_became_of_an_attempt_is_known_after_a_restart_and_what_it_runs_still_too()
    {
        var ended = Record(0) with { Status = ScheduleStatus.Failed, ExitCode = 0, Ports = [1, 2], Message = "why" };
        using (var journal = Open())
        {
            journal.Accept(1, [Record(0) with { Ports = [1, 2] }]);
            journal.Note(ended);
        }

        using var next = Open();
        Assert.Equal(ended with { Ports = next.Records[0].Ports }, next.Records[0] with { Devices = ended.Devices, Items = ended.Items });
        Assert.Equal([1, 2], next.Records[0].Ports);
    }

    [Fact]
    public void An_attempt_that_was_forgotten_is_never_accepted_again()
    {
        using (var journal = Open())
        {
            journal.Accept(1, [Record(0)]);
            journal.Forget(new(Job, 0, 1));
        }

        using var next = Open();
        Assert.Empty(next.Records);
        Assert.True(next.Contains(new(Job, 0, 1)));
    }

    [Fact]
    public void The_epoch_never_goes_back()
    {
        using var journal = Open();
        journal.Accept(5, []);
        journal.Accept(4, []);

        Assert.Equal(5, journal.LedgerEpoch);
    }

    [Fact]
    public void A_batch_costs_one_wait_for_the_disk_and_news_of_attempts_cost_none()
    {
        using var journal = Open();
        var before = journal.Syncs;
        journal.Accept(1, [.. Enumerable.Range(0, 100).Select(Record)]);
        journal.Note(Record(7) with { Status = ScheduleStatus.Running });
        journal.Forget(new(Job, 8, 1));
        journal.Accept(1, []);

        Assert.Equal(1, journal.Syncs - before);
    }

    [Fact]
    public void The_journal_stays_bounded_and_remembers_the_latest()
    {
        using (var journal = Open())
        {
            for (var batch = 0; batch < 60; batch++)
            {
                journal.Accept(1, [.. Enumerable.Range(batch * 1000, 1000).Select(Record)]);
                for (var i = 0; i < 1000; i++) journal.Forget(new(Job, (batch * 1000) + i, 1));
            }
        }

        Assert.InRange(new FileInfo(File1).Length, 1, 12 * 1024 * 1024);
        using var next = Open();
        Assert.True(next.Contains(new(Job, 59_999, 1)));
        Assert.True(next.Contains(new(Job, 50_000, 1)));
        Assert.False(next.Contains(new(Job, 0, 1)));
    }

    [Fact]
    public void A_journal_of_another_node_or_agent_is_refused_with_both_names()
    {
        using (var journal = Open()) journal.Accept(1, [Record(0)]);

        var other = Assert.Throws<AgentStartException>(() => new NodeJournal(_directory, "agent-1", "node-2"));
        Assert.Contains("node-1", other.Message, StringComparison.Ordinal);
        Assert.Contains("node-2", other.Message, StringComparison.Ordinal);
        Assert.Throws<AgentStartException>(() => new NodeJournal(_directory, "agent-2", "node-1"));
    }

    private NodeJournal Open() => new(_directory, "agent-1", "node-1");

    private static AttemptRecord Record(int instance) =>
        new() { Name = new AttemptId(Job, instance, 1).ToString(), Spec = "what it runs", BootId = "boot", At = DateTimeOffset.UnixEpoch };
}
