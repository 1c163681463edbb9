using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace OrleansScheduler.Agent.Tests;

public sealed class ExecTests : IAsyncLifetime
{
    private Node _node = null!;
    private AttemptId _attempt;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.Start();
        _attempt = _node.Launch(Node.Shell("echo 1 >ready; exec sleep 1000"));
        await _node.Number(_attempt, "ready");
        await _node.Gateway.Reaches(_attempt, Status.Running);
    }

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_command_runs_in_the_sandbox_with_the_environment_of_the_task_and_its_code_comes_back()
    {
        var (output, error, code) = await Run("pwd; echo $OSCHED_ATTEMPT; echo bad >&2; exit 7");

        Assert.Equal($"{_node.DirectoryOf(_attempt).Sandbox}\n{_attempt}\n", output);
        Assert.Equal(("bad\n", 7), (error, code));
    }

    [Fact]
    public async Task Input_comes_through_whole_and_ends()
    {
        var session = (await Start("wc -c")).Session;
        var sent = 0;
        var data = new byte[8000];
        for (var left = 200_000; left > 0;)
        {
            var answer = await Call(session, input: data[..Math.Min(left, data.Length)]);
            (left, sent) = (left - answer.InputTaken, sent + answer.InputTaken);
        }

        await Call(session, ends: true);
        var (output, _, code) = await ReadAll(session);

        Assert.Equal(("200000", 0), (output.Trim(), code));
    }

    [Fact]
    public async Task Output_that_nobody_fetches_holds_up_the_command_and_not_the_agent()
    {
        var session = (await Start("seq 1 1000000 & p=$!; echo $p >writer; wait")).Session;
        var writer = await _node.Number(_attempt, "writer");
        await Wait.Until(() => Waits(writer), "the writer waits");

        var (output, _, _) = await ReadAll(session);

        Assert.Equal(1_000_000, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        static bool Waits(int pid) => File.Exists($"/proc/{pid}/wchan") && ProcessStat.Of(pid) is { State: 'S' };
    }

    [Fact]
    public async Task A_command_with_a_terminal_has_one_of_the_size_that_was_asked_for()
    {
        var session = (await Start("test -t 0 && test -t 1 && tty && stty size && echo $TERM; read x; stty size", "vt100", 33, 77)).Session;
        var before = await ReadUntil(session, "vt100");
        await Call(session, rows: 44, columns: 99);
        await Call(session, input: "x\r"u8.ToArray());
        var (after, _, code) = await ReadAll(session);

        Assert.Contains("/dev/pts/", before, StringComparison.Ordinal);
        Assert.Contains("33 77", before, StringComparison.Ordinal);
        Assert.Contains("44 99", after, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Ctrl_C_interrupts_what_runs_in_the_terminal_and_not_the_shell()
    {
        var session = (await Start("exec sh -i", "dumb")).Session;
        await Call(session, input: "sleep 1000; echo code=$?\r"u8.ToArray());
        await ReadUntil(session, "sleep 1000");
        await Wait.Until(() => Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path))
            .Any(name => int.TryParse(name, CultureInfo.InvariantCulture, out var pid) && IsJobOf(pid)));

        await Call(session, input: [3]);
        await Call(session, input: "echo still=$((40+2)); exit 5\r"u8.ToArray());
        var (output, _, code) = await ReadAll(session);

        Assert.Contains("still=42", output, StringComparison.Ordinal);
        Assert.Equal(5, code);
    }

    [Fact]
    public async Task A_command_ends_with_all_of_its_session_when_it_is_closed()
    {
        var session = (await Start("sleep 1000 & echo $! >child; echo $$ >main; wait")).Session;
        int[] tree = [await _node.Number(_attempt, "child"), await _node.Number(_attempt, "main")];

        await Call(session, close: true);

        await Wait.Until(() => !tree.Any(Node.IsAlive));
        await Wait.Until(() => _node.Services.GetRequiredService<ExecSessions>().Count == 0);
        Assert.Equal("exec-not-found", (await Call(session)).ProblemCode);
    }

    [Fact]
    public async Task A_command_ends_when_the_agent_does()
    {
        await Start("echo $$ >main; exec sleep 1000");
        var main = await _node.Number(_attempt, "main");

        await _node.StopAgent();

        await Wait.Until(() => !Node.IsAlive(main));
        await _node.StartAgent();
    }

    [Fact]
    public async Task A_command_ends_with_its_task()
    {
        await Start("echo $$ >main; exec sleep 1000");
        var main = await _node.Number(_attempt, "main");

        _node.Gateway.Kill(_attempt);
        await _node.Gateway.End(_attempt);

        Assert.False(Node.IsAlive(main));
        Assert.Equal("task-not-running", (await Start("true")).ProblemCode);
    }

    [Fact]
    public async Task Only_so_many_run_at_once()
    {
        var sessions = new List<string>();
        for (var number = 0; number < 16; number++) sessions.Add((await Start("exec sleep 1000")).Session);

        Assert.Equal("too-many-execs", (await Start("true")).ProblemCode);

        foreach (var session in sessions) await Call(session, close: true);
        await Wait.Until(() => _node.Services.GetRequiredService<ExecSessions>().Count == 0);
        Assert.Equal("", (await Start("true")).ProblemCode);
    }

    [Fact]
    public async Task A_program_that_is_not_there_ends_with_127()
    {
        var question = Question();
        question.Command.Add("no-such-program");
        var session = (await _node.Gateway.Ask(question)).Session;

        var (_, error, code) = await ReadAll(session);

        Assert.Contains("no-such-program", error, StringComparison.Ordinal);
        Assert.Equal(127, code);
    }

    // The kernel gives a job in front of a terminal a group of its own.
    private bool IsJobOf(int pid)
    {
        Span<byte> text = stackalloc byte[4096];
        var length = Posix.ReadFile($"/proc/{pid}/environ", text);
        return length > 0 && text[..length].IndexOf(Encoding.UTF8.GetBytes($"OSCHED_SANDBOX={_node.DirectoryOf(_attempt).Sandbox}")) >= 0
            && ProcessStat.Of(pid) is { IsLive: true } stat && stat.Group == pid && stat.Session != pid;
    }

    private async Task<(string Output, string Error, int Code)> Run(string script) => await ReadAll((await Start(script)).Session);

    private Task<ExecData> Start(string script, string? terminal = null, int rows = 0, int columns = 0)
    {
        var question = Question();
        question.Command.Add(["/bin/sh", "-c", script]);
        (question.Terminal, question.TerminalKind, question.Rows, question.Columns) = (terminal is not null, terminal ?? "", rows, columns);
        return _node.Gateway.Ask(question);
    }

    private Task<ExecData> Call(
        string session, byte[]? input = null, bool ends = false, bool close = false, int wait = 0, int rows = 0, int columns = 0)
    {
        var question = Question();
        question.Session = session;
        question.Input = ByteString.CopyFrom(input ?? []);
        (question.InputEnded, question.Close, question.WaitMillis, question.Rows, question.Columns) = (ends, close, wait, rows, columns);
        return _node.Gateway.Ask(question);
    }

    private ExecCall Question() => new()
    {
        Attempt = new() { Job = _attempt.Job.ToString(), Instance = _attempt.Instance, Number = _attempt.Number },
        Actor = "tester",
    };

    private async Task<string> ReadUntil(string session, string text)
    {
        var output = new StringBuilder();
        while (!output.ToString().Contains(text, StringComparison.Ordinal))
        {
            var answer = await Call(session, wait: 1000);
            Assert.Equal("", answer.ProblemCode);
            Assert.False(answer.Ended, $"it ended with {answer.ExitCode.ToString(CultureInfo.InvariantCulture)}: {output}");
            output.Append(answer.Output.ToStringUtf8());
        }

        return output.ToString();
    }

    private async Task<(string Output, string Error, int Code)> ReadAll(string session)
    {
        var (output, error) = (new StringBuilder(), new StringBuilder());
        while (true)
        {
            var answer = await Call(session, wait: 1000);
            Assert.Equal("", answer.ProblemCode);
            output.Append(answer.Output.ToStringUtf8());
            error.Append(answer.Error.ToStringUtf8());
            if (answer.Ended) return (output.ToString(), error.ToString(), answer.ExitCode);
        }
    }
}
