using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>What is brought into a task's sandbox, looked at there and run there, by the command line against a whole cell.</summary>
public sealed class SandboxTests : IAsyncLifetime
{
    private const int NotFound = 3, Rejected = 4;

    private readonly DevCell _cell = new(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Cell__Access__Files"] = "true",
        ["Cell__Access__Exec"] = "true",
    });

    public ValueTask InitializeAsync() => _cell.InitializeAsync();

    public ValueTask DisposeAsync() => _cell.DisposeAsync();

    [Fact]
    public async Task A_script_is_fetched_and_started_and_its_files_are_read_and_commands_run_beside_it()
    {
        var script = "#!/bin/sh\necho one >made\nexec sleep 1000\n";
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var serving = Serve(server, script);
        var file = _cell.Write("fetch.yaml", $$"""
            job: fetch
            role: shop
            env: test
            type: service
            task:
              command: exec ./run
              artifacts:
              - source: http://127.0.0.1:{{((IPEndPoint)server.LocalEndpoint).Port}}/run
                mode: "0755"
            """);

        Assert.Contains("created", (await _cell.Run($"job run {file} --wait --timeout 60s")).Output, StringComparison.Ordinal);
        await serving;

        const string Task = "shop/test/fetch/0";
        Assert.Matches(@"0755\s+file\s+\d+\s+\S+ \S+\s+run", (await _cell.Run($"task files ls {Task}")).Output);
        Assert.Equal(script.TrimEnd(), (await _cell.Run($"task files cat {Task} run")).Output);
        var copy = Path.Combine(_cell.Directory.Path, "copy");
        Assert.Equal(0, (await _cell.Run($"task files get {Task} run --to {copy}")).ExitCode);
        Assert.Equal(script, await File.ReadAllTextAsync(copy));
        var outside = await _cell.Run($"task files cat {Task} ../stdout");
        Assert.Contains("[outside-sandbox]", outside.Error, StringComparison.Ordinal);
        Assert.Equal(NotFound, (await _cell.Run($"task files cat {Task} nothing")).ExitCode);

        var exec = await _cell.Run($"task exec {Task} -- sh -c \"cat made; echo $OSCHED_NAME two; echo bad >&2; exit 7\"");
        Assert.Equal((7, "one\nfetch two", "bad"), (exec.ExitCode, exec.Output, exec.Error));
        for (var round = 0; round < 5; round++) Assert.Equal(0, (await _cell.Run($"task exec {Task} -- true")).ExitCode);
        Assert.Equal(NotFound, (await _cell.Run("task exec shop/test/fetch/9 -- true")).ExitCode);
    }

    [Fact]
    public async Task A_shell_in_a_task_has_a_terminal_and_every_key_goes_there()
    {
        var file = _cell.Write("shell.yaml", """
            job: shell
            role: shop
            env: test
            type: service
            task:
              command: exec sleep 1000
            """);
        await _cell.Run($"job run {file} --wait --timeout 60s");
        var user = _cell.Write("user.py", """
            import os, pty, select, sys, time
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            seen = b""
            def wait(words):
                global seen
                end = time.time() + 60
                while words not in seen:
                    if time.time() > end or not select.select([terminal], [], [], 1)[0] and os.waitpid(pid, os.WNOHANG)[0]:
                        sys.exit("no %r after %r" % (words, seen))
                    if select.select([terminal], [], [], 0)[0]:
                        seen += os.read(terminal, 4096)
                seen = seen[seen.index(words) + len(words):]
            def keys(words):
                os.write(terminal, words)
            wait(b"> ")
            keys(b"tty; echo is$((1+1))\r")
            wait(b"echo is$((1+1))\r\n/dev/pts/")
            wait(b"is2\r\n")
            keys(b"echo now; sleep 1000\r")
            wait(b"\r\nnow\r\n")
            keys(b"\x03")
            wait(b"^C")
            keys(b"exit 5\r")
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """);
        string[] exec = [Osched.Path, "task", "exec", "-it", "shop/test/shell/0", "--", "env", "PS1=> ", "sh"];
        var start = new ProcessStartInfo("python3", [user, .. exec])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["OSCHED_GATEWAY"] = _cell.Address },
        };
        using var python = Process.Start(start)!;
        var (output, error) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        Assert.Equal(("5\n", ""), (await output, await error));
    }

    [Fact]
    public async Task A_task_whose_file_cannot_be_had_says_why()
    {
        var file = _cell.Write("lost.yaml", """
            job: lost
            role: shop
            env: test
            type: batch
            task:
              command: echo ran
              artifacts:
              - source: file:///etc/hostname
            """);

        await _cell.Run($"job run {file}");

        await Eventually.True(
            async () => (await _cell.Run("task status shop/test/lost/0")).Output.Contains("artifact-not-allowed: ",
                StringComparison.Ordinal),
            30, () => _cell.Output);
    }

    [Fact]
    public async Task A_cell_that_allows_neither_says_so()
    {
        var closed = new DevCell();
        await using var own = closed;
        await closed.InitializeAsync();
        Assert.Contains("[not-allowed]", (await closed.Run("task files ls shop/test/x/0")).Error, StringComparison.Ordinal);
        var exec = await closed.Run("task exec shop/test/x/0 -- true");
        Assert.Contains("[not-allowed]", exec.Error, StringComparison.Ordinal);
        Assert.Equal(Rejected, exec.ExitCode);
    }

    private static async Task Serve(TcpListener server, string body)
    {
        using var connection = await server.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
    }
}
