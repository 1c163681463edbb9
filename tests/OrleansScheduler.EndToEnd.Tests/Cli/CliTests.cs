using System.Text.Json;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>The command line as a user meets it: every verb that talks to a cell, against one that works.</summary>
public sealed class CliTests(DevCell cell) : IClassFixture<DevCell>
{
    private const int Failed = 1, Usage = 2, NotFound = 3, Rejected = 4, Unreachable = 5, TimedOut = 124;

    [Fact]
    public async Task A_service_is_made_run_looked_at_changed_and_stopped()
    {
        const string Job = "demo/devel/hello";
        var file = Path.Combine(cell.Directory.Path, "hello.yaml");
        await Ok($"job init {file}");
        Assert.Contains($"osched job run {file} --wait", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Contains(Job, await Ok($"job validate {file}"), StringComparison.Ordinal);

        Assert.Matches(@"demo/devel/hello\s+1\s+created", await Ok($"job run {file} --wait --timeout 60s"));
        Assert.Contains(Job, (await Ok("job list -o name")).Split('\n'));
        Assert.Matches(@"Instances\s+3: 3 RUNNING", await Ok($"job status {Job}"));
        Assert.Matches(@"unchanged", await Ok($"job run {file} --wait"));

        Assert.Equal($"{Job} goes from 3 to 1 instance.", await Ok($"job scale {Job} 1"));
        await cell.Until(JobKey.Parse(Job), job => job.Counts.GetValueOrDefault("RUNNING") == 1 && job.Counts.Values.Sum() == 1);
        Assert.Equal($"{Job} already has 1 instance.", await Ok($"job scale {Job} 1"));

        Assert.Equal($"Restarting 1 instance of {Job}.", await Ok($"job restart {Job} --instances 0"));
        string[] task = [];
        await Eventually.True(
            async () => (task = (await Ok($"task list --job {Job} --no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries)) is
                [_, "RUNNING", _, _, "2", ..],
            30, () => string.Join(' ', task));
        Assert.Matches(@"Attempt\s+2", await Ok($"task status {Job}/0"));
        Assert.StartsWith("listening on 127.0.0.1:", await Ok($"task logs {Job}/0"), StringComparison.Ordinal);
        Assert.Contains("CREATED", await Ok($"events --job {Job}"), StringComparison.Ordinal);

        Assert.Equal($"Stopping 1 instance of {Job}.", await Ok($"job stop {Job} --wait"));
        Assert.Matches(@"Phase\s+stopped", await Ok($"job status {Job}"));
        var again = await cell.Run($"job scale {Job} 2");
        Assert.Equal((Rejected, $"osched: {Job} is stopped: submit it again to start it. [job-stopped]"), (again.ExitCode, again.Error));
    }

    [Fact]
    public async Task A_cron_job_is_made_started_paused_resumed_and_taken_off_its_schedule()
    {
        const string Job = "demo/devel/report";
        var file = Path.Combine(cell.Directory.Path, "report.yaml");
        await Ok($"job init {file} --type cron");
        Assert.Matches(@"demo/devel/report\s+1\s+created", await Ok($"job run {file} --wait --timeout 60s"));
        Assert.Matches(@"demo/devel/report\s+\*/30 \* \* \* \* \*\s+UTC\s+\d{4}-", await Ok("cron list"));

        Assert.Equal($"{Job} is paused.", await Ok($"cron pause {Job}"));
        await cell.Until(JobKey.Parse(Job), job => job.Cron!.Active.IsEmpty);
        Assert.Matches($"Run \\d+ of {Job} starts with 1 instance.", await Ok($"cron start {Job} --wait --timeout 60s"));
        Assert.Matches(@"Next\s+paused", await Ok($"cron status {Job}"));
        Assert.Matches(@"the run that \S+ asked for .*finished", await Ok($"cron status {Job}"));
        Assert.Matches("this is run demo/devel/report/0#", await Ok($"task logs {Job}/0"));
        Assert.Equal($"{Job} follows its schedule.", await Ok($"cron resume {Job}"));

        Assert.Equal($"{Job} is off its schedule; what runs goes on.", await Ok($"cron stop {Job}"));
        var refused = await cell.Run($"cron start {Job}");
        Assert.Equal(Rejected, refused.ExitCode);
        Assert.Contains("[cron-descheduled]", refused.Error, StringComparison.Ordinal);
        Assert.Contains("DESCHEDULED", await Ok($"events --job {Job}"), StringComparison.Ordinal);
        await Ok($"job stop {Job} --wait");
    }

    [Fact]
    public async Task A_followed_log_ends_with_its_task()
    {
        await cell.Submit(Batch("lines", "for n in 1 2 3; do echo line $n; sleep 1; done"));
        await cell.Until(Key("lines"), job => job.Counts.ContainsKey("RUNNING") || job.Phase == JobPhase.Finished);

        Assert.Equal("line 1\nline 2\nline 3", await Ok("task logs shop/test/lines/0 -f"));
        Assert.Equal("line 3", await Ok("task logs shop/test/lines/0 --tail 1"));
    }

    [Fact]
    public async Task Waiting_for_a_batch_job_says_by_its_exit_code_what_came_of_it()
    {
        await Ok($"job run {cell.Write("good.yaml", Batch("good", "true"))} --wait");

        var bad = await cell.Run($"job run {cell.Write("bad.yaml", Batch("bad", "echo oops >&2; exit 7"))} --wait");
        Assert.Equal(Failed, bad.ExitCode);
        Assert.EndsWith("osched: shop/test/bad: some instances failed for good", bad.Error, StringComparison.Ordinal);
        Assert.Contains("Exited with 7.", await Ok("job status shop/test/bad"), StringComparison.Ordinal);
        Assert.Equal("oops", await Ok("task logs shop/test/bad/0 --stderr"));
    }

    [Fact]
    public async Task A_job_that_does_not_fit_makes_waiting_time_out_and_explain_says_why()
    {
        var run = await cell.Run($"job run {cell.Write("big.yaml", Batch("big", "true", "cpu: 64"))} --wait --timeout 1s");
        Assert.Equal(TimedOut, run.ExitCode);
        Assert.EndsWith("still waiting for shop/test/big", run.Error, StringComparison.Ordinal);

        var explained = await Ok("explain shop/test/big");
        Assert.Contains("1 of 1 nodes: insufficient cpu. Nearest is node-1: cpu needs 64, has ", explained, StringComparison.Ordinal);
        await Ok("job stop shop/test/big --wait");
    }

    [Fact]
    public async Task A_node_is_drained_and_put_back()
    {
        await cell.Submit("""
            job: stays
            role: shop
            env: test
            type: service
            task:
              command: exec sleep 600
              resources: { cpu: 0.1, memory: 8MiB }
            """);
        await cell.Until(Key("stays"), job => job.Phase == JobPhase.Running);
        Assert.Contains("shop/test/stays/0", await Ok("node status node-1"), StringComparison.Ordinal);

        Assert.StartsWith("Node node-1 is drain", await Ok("node drain node-1"), StringComparison.Ordinal);
        await cell.Until(Key("stays"), job => job.Counts.ContainsKey("PENDING"));
        Assert.Contains("1 of 1 nodes: ", await Ok("explain shop/test/stays"), StringComparison.Ordinal);

        Assert.StartsWith("Node node-1 is ready", await Ok("node undrain node-1"), StringComparison.Ordinal);
        await cell.Until(Key("stays"), job => job.Phase == JobPhase.Running);
        await Ok("job stop shop/test/stays --wait");
    }

    [Fact]
    public async Task What_is_wrong_with_a_job_file_is_said_line_by_line_before_anything_is_changed()
    {
        var file = cell.Write("wrong.yaml", Batch("wrong", "true", "cpu: 1.x").Replace("type:", "typo:", StringComparison.Ordinal));
        foreach (var verb in (string[])["validate", "run"])
        {
            var (exitCode, output, error) = await cell.Run($"job {verb} {file}");
            Assert.Equal((Usage, ""), (exitCode, output));
            var lines = error.Split('\n');
            Assert.All(lines, line => Assert.Matches($@"^{file}:\d+:\d+: [a-z.]+: .+ \[[a-z-]+\]$", line));
            Assert.Contains(lines, line => line.StartsWith($"{file}:4:1: typo: There is no field 'typo' here.", StringComparison.Ordinal));
            Assert.Contains(lines, line => line.Contains(": task.resources.cpu: '1.x' ", StringComparison.Ordinal));
        }

        Assert.Equal(NotFound, (await cell.Run("job status shop/test/wrong")).ExitCode);
    }

    [Theory]
    [InlineData("job status shop/test/nowhere", NotFound, "There is no job shop/test/nowhere in this cell. [job-not-found]")]
    [InlineData("job stop shop/test/nowhere", NotFound, "There is no job shop/test/nowhere in this cell. [job-not-found]")]
    [InlineData("task status shop/test/nowhere/0", NotFound, "[")]
    [InlineData("node drain nowhere", NotFound, "There is no node nowhere in this cell. [node-not-found]")]
    [InlineData("job status shop", Usage, "'shop': expected a job as role/env/name")]
    [InlineData("job run nowhere.yaml", Usage, "There is no file nowhere.yaml. [no-such-file]")]
    [InlineData("jbo list", Usage, "Did you mean 'job'?")]
    [InlineData("silo --config nowhere.json", Usage, "--config: there is no file nowhere.json")]
    [InlineData("job list --gateway http://127.0.0.1:1", Unreachable, "No gateway can be reached at http://127.0.0.1:1/")]
    public async Task What_cannot_be_done_is_said_in_words_and_in_the_exit_code(string arguments, int exitCode, string words)
    {
        var result = await cell.Run(arguments);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("osched: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_another_version_than_the_one_meant_is_refused()
    {
        await cell.Submit(Batch("versioned", "true"));
        var result = await cell.Run($"job run {cell.Write("versioned.yaml", Batch("versioned", "false"))} --if-version 7");
        Assert.Equal(
            (Rejected, "osched: shop/test/versioned has version 1, not 7: read it again before you change it. [version-conflict]"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Settings_that_a_role_cannot_use_are_said_in_one_line()
    {
        var broken = await cell.Run($"silo --config {cell.Write("broken.json", "{ no json")}");
        Assert.Equal(Usage, broken.ExitCode);
        Assert.StartsWith("osched: --config: ", broken.Error, StringComparison.Ordinal);

        const string Settings = """{ "Orleans": { "Clustering": { "ProviderType": "Carrier pigeon" } } }""";
        var unknown = await cell.Run($"silo --config {cell.Write("unknown.json", Settings)}");
        Assert.Equal(Failed, unknown.ExitCode);
        var line = Assert.Single(unknown.Error.Split('\n'));
        Assert.StartsWith("osched: Could not find Clustering provider named 'Carrier pigeon'", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_shown_can_be_had_as_JSON()
    {
        await Ok($"job run {cell.Write("shown.yaml", Batch("shown", "true"))} --wait");
        string[] commands =
        [
            "job list", "job status shop/test/shown", "task list --job shop/test/shown", "task status shop/test/shown/0", "node list",
            "node status node-1", "cell status", "explain shop/test/shown", "events --job shop/test/shown",
        ];
        foreach (var command in commands)
        {
            using var json = JsonDocument.Parse(await Ok($"{command} -o json"));
            var isList = command.Contains("list", StringComparison.Ordinal) || command.StartsWith("events", StringComparison.Ordinal);
            Assert.Equal(isList ? JsonValueKind.Array : JsonValueKind.Object, json.RootElement.ValueKind);
            if (isList) Assert.NotEqual(0, json.RootElement.GetArrayLength());
        }

        using var status = JsonDocument.Parse(await Ok("task status shop/test/shown/0 -o json"));
        Assert.Equal("FINISHED", status.RootElement.GetProperty("status").GetString());
        Assert.Equal(0, status.RootElement.GetProperty("exitCode").GetInt32());
        using var whole = JsonDocument.Parse(await Ok("cell status -o json"));
        Assert.Equal(1, whole.RootElement.GetProperty("silos").GetInt32());
    }

    /// <summary>Runs a verb that has to succeed, and gives what it printed.</summary>
    private async Task<string> Ok(string arguments)
    {
        var result = await cell.Run(arguments);
        Assert.True(result.ExitCode == 0, $"osched {arguments}: {result}");
        return result.Output;
    }

    private static JobKey Key(string name) => new("shop", "test", name);

    private static string Batch(string name, string command, string cpu = "cpu: 0.1") => $$"""
        job: {{name}}
        role: shop
        env: test
        type: batch
        task:
          command: '{{command}}'
          resources: { {{cpu}}, memory: 8MiB }
        """;
}
