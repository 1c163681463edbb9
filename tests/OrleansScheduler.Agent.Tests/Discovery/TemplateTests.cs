namespace OrleansScheduler.Agent.Tests;

public sealed class TemplateTests : IAsyncLifetime
{
    private const string Db = "shop/prod/db";
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_template_is_there_before_the_task_starts()
    {
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000), (1, "10.0.0.2", "sql", 31_001));
        var attempt = _node.Launch(Node.Shell("cat conf/db.conf") with
        {
            Templates =
            [
                new() { Path = "conf/db.conf", Text = "${INSTANCE}: ${service:shop/prod/db:sql} ${service:no/such/service:x}.\n" },
            ],
        });
        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal("0: 10.0.0.1:31000,10.0.0.2:31001 .\n", _node.Output(attempt));
    }

    [Fact]
    public async Task When_a_service_moves_the_file_is_replaced_and_the_task_is_signalled()
    {
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000));
        var attempt = _node.Launch(Reloading());
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000");
        _node.Gateway.Say(Db, (0, "10.0.0.9", "sql", 31_009));
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000\n10.0.0.9:31009");
        _node.Gateway.Say(Db);
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000\n10.0.0.9:31009\nnobody");
        Assert.Equal(Status.Running, _node.Gateway.LatestOf(attempt)!.Status);
        Assert.Empty(Directory.GetFiles(_node.DirectoryOf(attempt).Sandbox, "*.new"));
    }

    [Fact]
    public async Task What_changes_nothing_in_the_file_signals_nobody()
    {
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000));
        var attempt = _node.Launch(Reloading());
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000");
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000), (1, "10.0.0.2", "other", 31_001));
        _node.Gateway.Say(Db, (0, "10.0.0.3", "sql", 31_000));
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is { } seen && seen.EndsWith("10.0.0.3:31000", StringComparison.Ordinal));
        Assert.Equal("10.0.0.1:31000\n10.0.0.3:31000", _node.SandboxFile(attempt, "seen"));
    }

    [Fact]
    public async Task The_next_agent_makes_up_for_what_it_has_missed()
    {
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000));
        var attempt = _node.Launch(Reloading());
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000");
        await _node.StopAgent();
        _node.Gateway.Say(Db, (0, "10.0.0.9", "sql", 31_009));
        await _node.StartAgent();
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "10.0.0.1:31000\n10.0.0.9:31009");
    }

    [Fact]
    public async Task A_start_does_not_wait_for_ever_for_a_service_that_nobody_knows_anything_about()
    {
        _node.Gateway.Withheld[Db] = true;
        var attempt = _node.Launch(Reloading());
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "nobody");
        _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000));
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "nobody\n10.0.0.1:31000");
    }

    [Fact]
    public async Task A_gateway_that_knows_nothing_of_services_is_not_asked_about_them()
    {
        await _node.StopAgent();
        _node.Gateway.Reads = [];
        await _node.StartAgent();
        await _node.Gateway.Connected(2);
        var attempt = _node.Launch(Reloading());
        await Wait.Until(() => _node.SandboxFile(attempt, "seen") is "nobody");
        Assert.Empty(_node.Gateway.Followed);
        Assert.Equal(2, _node.Gateway.Registrations);
    }

    [Fact]
    public async Task Links_that_a_task_makes_lead_no_template_out_of_its_sandbox()
    {
        var outside = Directory.CreateTempSubdirectory("osched-outside-").FullName;
        try
        {
            _node.Gateway.Say(Db, (0, "10.0.0.1", "sql", 31_000));
            var script = $"rm -r conf; ln -s {outside} conf; rm top; ln -s {outside}/top top; echo >ready; exec sleep 1000";
            var attempt = _node.Launch(Node.Shell(script) with
            {
                Templates =
                [
                    new() { Path = "conf/db", Text = "${service:shop/prod/db:sql}\n" },
                    new() { Path = "top", Text = "${service:shop/prod/db:sql}\n" },
                ],
            });
            await _node.Gateway.Reaches(attempt, Status.Running);
            var top = Path.Combine(_node.DirectoryOf(attempt).Sandbox, "top");
            await Wait.Until(() => File.Exists(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "ready")));
            _node.Gateway.Say(Db, (0, "10.0.0.2", "sql", 31_000));
            await Wait.Until(() => new FileInfo(top).LinkTarget is null && File.ReadAllText(top) == "10.0.0.2:31000\n");
            Assert.Empty(Directory.GetFileSystemEntries(outside));
            Assert.Equal(Status.Running, _node.Gateway.LatestOf(attempt)!.Status);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task A_template_that_cannot_be_written_fails_the_task_and_says_which()
    {
        var attempt = _node.Launch(Node.Shell("true") with { Templates = [new() { Path = "tmp", Text = "x" }] });
        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.StartsWith("Template 'tmp' cannot be written", end.Message, StringComparison.Ordinal);
    }

    private static TaskSpec Reloading() => Node.Shell("""
        look() { read -r line <db; echo "${line:-nobody}" >>seen; }
        trap look HUP
        look
        while :; do sleep 1000 & wait $!; done
        """) with
    {
        Templates = [new() { Path = "db", Text = "${service:shop/prod/db:sql}\n", Signal = "HUP" }],
    };
}
