using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;

namespace OrleansScheduler.Agent.Tests;

public sealed class ArtifactTests : IAsyncLifetime
{
    private static readonly byte[] Content = "hello\n"u8.ToArray();
    private FileServer _server = null!;
    private Node _node = null!;
    private string _allowed = "";

    public async ValueTask InitializeAsync()
    {
        _allowed = Directory.CreateTempSubdirectory("osched-allowed-").FullName;
        _server = await FileServer.Start();
        _node = await Node.Start(("Agent:Artifacts:Directories", _allowed), ("Agent:Artifacts:LargestDownload", "1MiB"),
            ("Agent:Artifacts:CacheSize", "2MiB"), ("Agent:Artifacts:Tries", "2"));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_allowed, recursive: true);
    }

    [Fact]
    public async Task A_file_is_there_before_the_task_starts_under_its_name_and_with_its_mode()
    {
        var url = _server.Offer("/a/run.sh", "#!/bin/sh\necho it ran\n"u8.ToArray());
        var attempt = Launch("./bin/run", new ArtifactSpec(url, false, null) { Dest = "bin/run", Mode = "0755" }, new(url, false, null));

        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal("it ran\n", _node.Output(attempt));
        Assert.Equal("0644", Mode(attempt, "run.sh"));
        Assert.Equal("0755", Mode(attempt, "bin/run"));
    }

    [Fact]
    public async Task An_archive_from_a_server_is_unpacked()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "app/hello") { DataStream = new MemoryStream(Content) });
        var attempt = Launch("cat lib/app/hello", new ArtifactSpec(_server.Offer("/app.tgz", bytes.ToArray()), true,
            null)
        { Dest = "lib" });

        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal("hello\n", _node.Output(attempt));
    }

    [Fact]
    public async Task A_file_with_a_checksum_is_fetched_once_for_many_tasks()
    {
        var url = _server.Offer("/data", Content);
        var artifact = new ArtifactSpec(url, false, Sum(Content));

        var attempts = Enumerable.Range(0, 8).Select(_ => Launch("cat data", artifact)).ToList();

        foreach (var attempt in attempts) Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal(1, _server.CountOf("/data"));
    }

    [Fact]
    public async Task A_file_without_a_checksum_is_asked_for_by_its_version_and_comes_again_when_that_has_changed()
    {
        var url = _server.Offer("/data", Content, "\"v1\"");
        await _node.Gateway.End(Launch("cat data", new ArtifactSpec(url, false, null)));
        var second = Launch("cat data", new ArtifactSpec(url, false, null));
        await _node.Gateway.End(second);
        _server.Offer("/data", "new\n"u8.ToArray(), "\"v2\"");
        var third = Launch("cat data", new ArtifactSpec(url, false, null));
        await _node.Gateway.End(third);

        Assert.Equal("hello\n", _node.Output(second));
        Assert.Equal("new\n", _node.Output(third));
        Assert.Equal((2, 1), (_server.CountOf("/data"), _server.CountOf("/data", 304)));
    }

    [Fact]
    public async Task What_was_not_used_for_the_longest_time_leaves_a_full_cache()
    {
        var files = Enumerable.Range(0, 3).Select(number => Enumerable.Repeat((byte)number, 900_000).ToArray()).ToList();
        var artifacts = files.Select((file, number) => new ArtifactSpec(_server.Offer($"/{number}", file), false, Sum(file))).ToList();
        foreach (var artifact in artifacts) await _node.Gateway.End(Launch("true", artifact));
        await _node.Gateway.End(Launch("true", artifacts[2]));
        await _node.Gateway.End(Launch("true", artifacts[0]));

        Assert.Equal((2, 1, 1), (_server.CountOf("/0"), _server.CountOf("/1"), _server.CountOf("/2")));
        var kept = Directory.GetFiles(Path.Combine(_node.State, "artifacts", "files"));
        Assert.Equal(2, kept.Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(_node.State, "artifacts", "partial")));
    }

    [Fact]
    public async Task A_source_that_cannot_now_is_tried_again()
    {
        var calls = 0;
        _server.Pages["/flaky"] = context =>
        {
            if (Interlocked.Increment(ref calls) == 1) context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };

        var attempt = Launch("true", new ArtifactSpec(_server.Url + "/flaky", false, null));

        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal(2, calls);
    }

    [Theory]
    [InlineData("http", "/nothing", null, "artifact-not-found: ")]
    [InlineData("http", "/data?token=secret", "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "artifact-wrong-checksum: ")]
    [InlineData("http", "/forbidden", null, "artifact-refused: ")]
    [InlineData("http", "/broken", null, "artifact-unreachable: ")]
    [InlineData("http", "/large", null, "artifact-too-large: ")]
    [InlineData("http", "/endless", null, "artifact-too-large: ")]
    [InlineData("file", "/etc/passwd", null, "artifact-not-allowed: ")]
    [InlineData("allowed", "/out", null, "artifact-not-found: ")]
    [InlineData("allowed", "/../../etc/passwd", null, "artifact-not-allowed: ")]
    [InlineData("allowed", "/%2e%2e/%2e%2e/etc/passwd", null, "artifact-not-")]
    [InlineData("allowed", "/fifo", null, "artifact-not-found: ")]
    public async Task What_cannot_be_had_fails_the_task_with_a_reason(string from, string path, string? checksum, string reason)
    {
        _server.Offer("/data", Content);
        _server.Offer("/large", new byte[2_000_000]);
        _server.Pages["/forbidden"] = Status(403);
        _server.Pages["/broken"] = Status(500);
        _server.Pages["/endless"] = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(new byte[65_536]);
        };
        File.CreateSymbolicLink(Path.Combine(_allowed, "out"), "/etc/passwd");
        Assert.Equal(0, MakeFifo(Path.Combine(_allowed, "fifo")));
        var source = from switch { "http" => _server.Url, "file" => "file://", _ => $"file://{_allowed}" } + path;

        var end = await _node.Gateway.End(Launch("echo ran", new ArtifactSpec(source, false, checksum) { Dest = "x" }));

        Assert.Equal(Contracts.Protocol.Status.Failed, end.Status);
        Assert.StartsWith(reason, end.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", end.Message, StringComparison.Ordinal);

        static Func<Microsoft.AspNetCore.Http.HttpContext, Task> Status(int status) => context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task A_file_below_an_allowed_directory_is_copied()
    {
        File.WriteAllBytes(Path.Combine(_allowed, "data"), Content);

        var attempt = Launch("cat data", new ArtifactSpec($"file://{_allowed}/data", false, Sum(Content)));

        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal("hello\n", _node.Output(attempt));
    }

    [Fact]
    public async Task A_kill_ends_a_fetch_that_hangs_and_the_next_one_for_the_same_file_begins_anew()
    {
        var isAsked = new TaskCompletionSource();
        _server.Pages["/slow"] = async context =>
        {
            isAsked.TrySetResult();
            await context.Response.Body.WriteAsync(new byte[1]);
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };
        var first = Launch("true", new ArtifactSpec(_server.Url + "/slow", false, null));
        await isAsked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await _node.Gateway.Reaches(first, Status.Starting);

        _node.Gateway.Kill(first);

        Assert.Equal(Status.Killed, (await _node.Gateway.End(first)).Status);
        _server.Offer("/slow", Content);
        Assert.Equal(Status.Finished, (await _node.Gateway.End(Launch("true", new ArtifactSpec(_server.Url + "/slow", false,
            null)))).Status);
    }

    [Fact]
    public async Task A_fetch_that_the_agent_did_not_live_to_finish_is_reported_lost_by_the_next()
    {
        var isAsked = new TaskCompletionSource();
        _server.Pages["/slow"] = async context =>
        {
            isAsked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };
        var attempt = Launch("echo ran", new ArtifactSpec(_server.Url + "/slow", false, null));
        await isAsked.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await _node.StopAgent();
        await _node.StartAgent();

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Lost, end.Status);
        Assert.Contains("before it had started", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_so_many_are_fetched_at_once()
    {
        var go = new TaskCompletionSource();
        var attempts = new List<AttemptId>();
        for (var number = 0; number < 8; number++)
        {
            _server.Pages[$"/{number}"] = _ => go.Task;
            attempts.Add(Launch("true", new ArtifactSpec($"{_server.Url}/{number}", false, null)));
        }

        await Wait.Until(() => _server.MostAtOnce == 4);
        var other = _node.Launch(Node.Shell("true"));
        Assert.Equal(Status.Finished, (await _node.Gateway.End(other)).Status);
        go.SetResult();
        foreach (var attempt in attempts) Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal(4, _server.MostAtOnce);
    }

    private AttemptId Launch(string script, params ArtifactSpec[] artifacts) =>
        _node.Launch(Node.Shell(script) with { Artifacts = [.. artifacts] });

    private string Mode(AttemptId attempt, string file) =>
        "0" + Convert.ToString((int)File.GetUnixFileMode(Path.Combine(_node.DirectoryOf(attempt).Sandbox, file)), 8);

    private static string Sum(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static int MakeFifo(string path)
    {
        using var process = System.Diagnostics.Process.Start("mkfifo", [path]);
        process.WaitForExit();
        return process.ExitCode;
    }
}
