using System.Diagnostics;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <content>People run commands in containers.</content>
public abstract partial class ImageTaskTests
{
    private const string Waiting = "echo 1 >$OSCHED_SANDBOX/started; exec sleep 1000";

    [Fact]
    public async Task A_command_of_somebody_runs_in_the_container_and_its_output_and_code_come_back()
    {
        var attempt = await Started();

        const string Script = "pwd; echo $OSCHED_ATTEMPT $FROM_IMAGE ${INSTANCE}; ls /bin/busybox; echo bad >&2; exit 7";
        var (output, error, code) = await ReadAll(attempt, (await Begin(attempt, Script)).Session);

        Assert.Equal($"/srv\n{attempt} yes {attempt.Instance}\n/bin/busybox\n", output);
        Assert.Equal(("bad\n", 7), (error, code));
    }

    [Fact]
    public async Task A_command_of_somebody_is_who_the_container_is_and_may_no_more_than_that()
    {
        var attempt = Node.Launch(Shell(Waiting) with { User = "web", Container = new() { WorkingDirectory = "/tmp" } });
        await Node.Number(attempt, "started");
        await Node.Gateway.Reaches(attempt, Status.Running);

        var (output, _, _) = await ReadAll(
            attempt, (await Begin(attempt, "pwd; id -u; id -G; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status")).Session);

        Assert.Equal(
            "/tmp\n1234\n1234 77\nCapBnd:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n".Split('\n')
                .Order(StringComparer.Ordinal),
            output.Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Input_of_a_command_in_a_container_comes_through_whole_and_ends()
    {
        var attempt = await Started();
        var session = (await Begin(attempt, "wc -c")).Session;
        var data = new byte[8000];
        for (var left = 100_000; left > 0;) left -= (await Call(attempt, session, input: data[..Math.Min(left, data.Length)])).InputTaken;

        await Call(attempt, session, ends: true);
        var (output, _, code) = await ReadAll(attempt, session);

        Assert.Equal(("100000", 0), (output.Trim(), code));
    }

    [Fact]
    public async Task Much_output_of_a_command_in_a_container_comes_through_whole()
    {
        var attempt = await Started();

        var (output, _, code) = await ReadAll(attempt, (await Begin(attempt, "seq 1 200000")).Session);

        Assert.Equal(0, code);
        Assert.Equal(200_000, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_command_in_a_container_has_a_terminal_of_the_size_that_was_asked_for_and_ctrl_C_interrupts_it()
    {
        var attempt = await Started();
        var session = (await Begin(
            attempt,
            "until [ \"$(stty size)\" = '33 77' ]; do sleep 0.02; done; test -t 0 && test -t 1 && echo $TERM right; "
                + "read x; until [ \"$(stty size)\" = '" + (FollowsSize ? "44 99" : "33 77") + "' ]; do sleep 0.02; done; "
                + "echo again; sleep 1000; echo never",
            "vt100", 33, 77)).Session;
        await ReadUntil(attempt, session, "vt100 right");
        if (FollowsSize) await Call(attempt, session, rows: 44, columns: 99);
        await Call(attempt, session, input: "x\r"u8.ToArray());
        await ReadUntil(attempt, session, "again");

        await Call(attempt, session, input: [3]);

        var (output, _, code) = await ReadAll(attempt, session);
        Assert.DoesNotContain("never", output, StringComparison.Ordinal);
        Assert.Equal(130, code);
    }

    [Fact]
    public async Task A_command_in_a_container_ends_with_all_it_started_when_it_is_closed()
    {
        var attempt = await Started();
        await Wait.Until(() => Alive(attempt).Length > 0);
        var without = Pids();
        var session = (await Begin(attempt, "sleep 999 & echo 1 >$OSCHED_SANDBOX/child; wait")).Session;
        await Node.Number(attempt, "child");

        // One that is just becoming another program is not seen.
        await Wait.Until(() => Pids().Except(without).Count() >= 2);
        var command = Pids().Except(without).ToArray();

        await Call(attempt, session, close: true);

        await Wait.Until(() => !Pids().Intersect(command).Any());

        // Its processes have ended; that nothing of the session is left is said a moment later.
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while ((await Call(attempt, session)).ProblemCode != "exec-not-found") Assert.True(DateTime.UtcNow < deadline);
        Assert.Equal(Status.Running, Node.Gateway.LatestOf(attempt)!.Status);

        int[] Pids() => [.. Alive(attempt).Select(process => process.Pid)];
    }

    [Fact]
    public async Task A_program_that_a_container_does_not_have_is_said_to_be_missing()
    {
        var attempt = await Started();
        var question = Question(attempt);
        question.Command.Add("no-such-program");

        var answer = await Node.Gateway.Ask(question);

        if (answer.ProblemCode.Length > 0)
        {
            Assert.Equal("exec-not-started", answer.ProblemCode);
            Assert.Contains("no-such-program", answer.ProblemMessage, StringComparison.Ordinal);
            return;
        }

        var (_, error, code) = await ReadAll(attempt, answer.Session);
        Assert.Contains("no-such-program", error, StringComparison.Ordinal);
        Assert.NotEqual(0, code);
    }

    [Fact]
    public async Task A_command_finds_no_container_that_has_ended()
    {
        var attempt = await Started();
        Node.Gateway.Kill(attempt);
        await Node.Gateway.End(attempt);

        Assert.Equal("task-not-running", (await Begin(attempt, "true")).ProblemCode);
    }

    private async Task<AttemptId> Started()
    {
        var attempt = Node.Launch(Shell(Waiting));
        await Node.Number(attempt, "started");
        await Node.Gateway.Reaches(attempt, Status.Running);
        return attempt;
    }

    private Task<ExecData> Begin(AttemptId attempt, string script, string? terminal = null, int rows = 0, int columns = 0)
    {
        var question = Question(attempt);
        question.Command.Add(["/bin/sh", "-c", script]);
        (question.Terminal, question.TerminalKind, question.Rows, question.Columns) = (terminal is not null, terminal ?? "", rows, columns);
        return Node.Gateway.Ask(question);
    }

    private Task<ExecData> Call(
        AttemptId attempt, string session, byte[]? input = null, bool ends = false, bool close = false, int wait = 0, int rows = 0,
        int columns = 0)
    {
        var question = Question(attempt);
        question.Session = session;
        question.Input = ByteString.CopyFrom(input ?? []);
        (question.InputEnded, question.Close, question.WaitMillis, question.Rows, question.Columns) = (ends, close, wait, rows, columns);
        return Node.Gateway.Ask(question);
    }

    private static ExecCall Question(AttemptId attempt) => new()
    {
        Attempt = new() { Job = attempt.Job.ToString(), Instance = attempt.Instance, Number = attempt.Number },
        Actor = "tester",
    };

    private async Task<string> ReadUntil(AttemptId attempt, string session, string text)
    {
        var output = new StringBuilder();
        var began = Stopwatch.GetTimestamp();
        while (!output.ToString().Contains(text, StringComparison.Ordinal))
        {
            var answer = await Call(attempt, session, wait: 1000);
            Assert.Equal("", answer.ProblemCode);
            output.Append(answer.Output.ToStringUtf8());
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1), $"there is no '{text}' in: {output}");
            Assert.False(answer.Ended, $"it ended with {answer.ExitCode.ToString(CultureInfo.InvariantCulture)}: {output}");
        }

        return output.ToString();
    }

    private async Task<(string Output, string Error, int Code)> ReadAll(AttemptId attempt, string session)
    {
        var (output, error) = (new StringBuilder(), new StringBuilder());
        while (true)
        {
            var answer = await Call(attempt, session, wait: 1000);
            Assert.Equal("", answer.ProblemCode);
            output.Append(answer.Output.ToStringUtf8());
            error.Append(answer.Error.ToStringUtf8());
            if (answer.Ended) return (output.ToString(), error.ToString(), answer.ExitCode);
        }
    }
}
