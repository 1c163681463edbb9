namespace OrleansScheduler.Agent.Tests;

public sealed class CommandJournalTests : IDisposable
{
    private static readonly JobKey Job = JobKey.Parse("shop/test/web");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-journal-").FullName;

    private string File1 => Path.Combine(_directory, "commands.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_accepted_is_known_after_a_restart()
    {
        using (var journal = new CommandJournal(_directory)) journal.Accept(5, [new(Job, 0, 1), new(Job, 1, 1)]);

        using var next = new CommandJournal(_directory);
        Assert.Equal(5, next.LedgerEpoch);
        Assert.True(next.Contains(new(Job, 1, 1)));
        Assert.False(next.Contains(new(Job, 2, 1)));
    }

    [Fact]
    public void The_epoch_never_goes_back()
    {
        using var journal = new CommandJournal(_directory);
        journal.Accept(5, []);
        journal.Accept(4, []);

        Assert.Equal(5, journal.LedgerEpoch);
    }

    [Fact]
    public void A_journal_that_was_cut_anywhere_gives_what_was_complete()
    {
        using (var journal = new CommandJournal(_directory)) journal.Accept(12, [new(Job, 0, 1), new(Job, 1, 1)]);
        var whole = File.ReadAllBytes(File1);

        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(File1, whole[..length]);
            using var journal = new CommandJournal(_directory);
            Assert.True(journal.LedgerEpoch is 0 or 12);
            Assert.Equal(length == whole.Length, journal.Contains(new(Job, 1, 1)));
        }
    }

    [Fact]
    public void A_journal_that_is_not_one_is_refused_by_name()
    {
        File.WriteAllText(File1, "not ours\n");

        Assert.Contains(File1, Assert.Throws<InvalidDataException>(() => new CommandJournal(_directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_costs_one_wait_for_the_disk_and_nothing_new_costs_none()
    {
        using var journal = new CommandJournal(_directory);
        var before = journal.Syncs;
        journal.Accept(1, Enumerable.Range(0, 100).Select(instance => new AttemptId(Job, instance, 1)));
        journal.Accept(1, [new(Job, 7, 1)]);

        Assert.Equal(1, journal.Syncs - before);
    }

    [Fact]
    public void The_journal_stays_bounded_and_remembers_the_latest()
    {
        using (var journal = new CommandJournal(_directory))
        {
            for (var batch = 0; batch < 60; batch++)
            {
                var first = batch * 1000;
                journal.Accept(1, Enumerable.Range(first, 1000).Select(instance => new AttemptId(Job, instance, 1)));
            }
        }

        Assert.InRange(File.ReadLines(File1).Count(), CommandJournal.Remembered, (2 * CommandJournal.Remembered) + 1002);
        using var next = new CommandJournal(_directory);
        Assert.True(next.Contains(new(Job, 59_999, 1)));
        Assert.True(next.Contains(new(Job, 50_000, 1)));
        Assert.False(next.Contains(new(Job, 0, 1)));
    }
}
