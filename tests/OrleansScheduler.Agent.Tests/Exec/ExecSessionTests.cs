using System.Threading.Channels;

namespace OrleansScheduler.Agent.Tests;

public sealed class ExecSessionTests
{
    private static readonly AttemptId Attempt = AttemptId.Parse("shop/prod/site/0#1");

    [Fact]
    public async Task Who_is_still_in_an_exchange_when_the_session_is_given_up_gets_the_end_of_the_command()
    {
        var session = new ExecSession(Attempt, new EndedCommand(7), TimeProvider.System);
        await session.Ended;
        var end = await Ask();
        Assert.Equal(7, end.ExitCode);
        Assert.True(session.Finished.IsCompleted);

        session.Close();
        session.Dispose();
        Assert.Equal(7, (await Ask()).ExitCode);
        session.Resize(24, 80);
        session.Close();

        Task<(byte[] Output, byte[] Error, int Taken, int? ExitCode)> Ask() =>
            session.Exchange(ReadOnlyMemory<byte>.Empty, isLast: false, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_terminal_that_has_hung_up_takes_no_size_and_does_not_mind()
    {
        var terminal = new Terminal();
        terminal.Dispose();
        terminal.Resize(24, 80);
        Assert.True(terminal.Master.IsClosed);
    }

    private sealed class EndedCommand(int code) : IEnteredCommand
    {
        public Task<int> Run(ChannelReader<byte[]> input, Func<bool, byte[], ValueTask> say, CancellationToken over) =>
            Task.FromResult(code);

        public void Resize(int rows, int columns)
        {
        }

        public void Dispose()
        {
        }
    }
}
