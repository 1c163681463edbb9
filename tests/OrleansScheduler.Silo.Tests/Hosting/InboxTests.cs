namespace OrleansScheduler.Silo.Tests;

public sealed class InboxTests
{
    [Fact]
    public async Task A_round_takes_no_more_than_it_may_and_keeps_the_order()
    {
        var rounds = new List<int[]>();
        var inbox = new Inbox<int>(
            items =>
            {
                rounds.Add([.. items]);
                return Task.CompletedTask;
            },
            limit: 100, atOnce: 3);
        var posts = new List<Task>();
        await OnOneScheduler(() =>
        {
            for (var i = 0; i < 7; i++) posts.Add(inbox.Post(i));
        });
        await Task.WhenAll(posts);
        Assert.Equal([[0, 1, 2], [3, 4, 5], [6]], rounds);
    }

    [Fact]
    public async Task When_a_round_fails_everything_that_waits_fails_with_it()
    {
        var inbox = new Inbox<int>(_ => throw new InvalidOperationException("broken"), limit: 100, atOnce: 2);
        var posts = new List<Task>();
        await OnOneScheduler(() =>
        {
            for (var i = 0; i < 5; i++) posts.Add(inbox.Post(i));
        });
        foreach (var post in posts) await Assert.ThrowsAsync<InvalidOperationException>(() => post);
    }

    /// <summary>As a grain does: nothing else runs until the act is over.</summary>
    private static Task OnOneScheduler(Action act) => Task.Factory.StartNew(
        act, CancellationToken.None, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);
}
