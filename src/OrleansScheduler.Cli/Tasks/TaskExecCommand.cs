using System.CommandLine;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace OrleansScheduler.Cli;

/// <summary><c>osched task exec</c>: runs a command where a task runs.</summary>
internal static class TaskExecCommand
{
    public static Verb Create(Shell shell)
    {
        var task = Arguments.Task();
        var command = new Argument<string[]>("command") { Description = "The command, after --", Arity = ArgumentArity.OneOrMore };
        var input = new Option<bool>("--stdin", "-i") { Description = "Pass on what is typed or piped here" };
        var terminal = new Option<bool>("--tty", "-t") { Description = "Give it a terminal" };
        return new Verb(
            shell, "exec", "Run a command in a task, where the cell allows it",
            "task exec shop/prod/web/0 -- ps aux", "task exec -it shop/prod/web/0 -- sh",
                "task exec -i shop/prod/web/0 -- sh -c 'cat >data' <data")
            .With(task, command, input, terminal).Runs((session, cancellationToken) => RunAsync(
                session, session.Value(task), session.Value(command), session.Value(input), session.Value(terminal), cancellationToken));
    }

    private static async Task<int> RunAsync(
        Session session, TaskKey task, string[] command, bool passesInput, bool wantsTerminal, CancellationToken cancellationToken)
    {
        if (wantsTerminal && (!session.Terminal.OutputIsTerminal || Console.IsInputRedirected || OperatingSystem.IsWindows()))
            return session.Refuse("-t: this is not a terminal; leave it out");
        await using var error = new WriterStream(session.Terminal.Error);
        var options = new ExecOptions
        {
            Command = [.. command],
            Input = passesInput ? session.Terminal.Input : null,
            Output = session.Terminal.OutputBytes,
            Error = error,
        };
        Answer<int> answer;
        if (wantsTerminal && !OperatingSystem.IsWindows())
        {
            var sizes = Channel.CreateBounded<(int, int)>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
            using var resized = PosixSignalRegistration.Create(
                PosixSignal.SIGWINCH, _ => sizes.Writer.TryWrite((Console.WindowHeight, Console.WindowWidth)));
            var (rows, columns) = (Console.WindowHeight, Console.WindowWidth);
            using var raw = RawTerminal.Enter();
            answer = await session.Client.ExecAsync(task, options with
            {
                Input = passesInput ? RawTerminal.OpenInput() : null,
                Terminal = session.Terminal.NonEmpty("TERM") ?? "xterm",
                Rows = rows > 0 ? rows : null,
                Columns = columns > 0 ? columns : null,
                Sizes = sizes.Reader,
            }, cancellationToken);
        }
        else
        {
            answer = await session.Client.ExecAsync(task, options, cancellationToken);
        }

        return answer.Problem is { } problem ? session.Fail(problem) : answer.Value;
    }

    /// <summary>Bytes for a writer of texts.</summary>
    private sealed class WriterStream(TextWriter writer) : MemoryStream
    {
        private readonly System.Text.Decoder _decoder = System.Text.Encoding.UTF8.GetDecoder();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var characters = new char[System.Text.Encoding.UTF8.GetMaxCharCount(buffer.Length)];
            var count = _decoder.GetChars(buffer.Span, characters, flush: false);
            await writer.WriteAsync(characters.AsMemory(0, count), cancellationToken);
        }
    }
}
