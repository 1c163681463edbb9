namespace OrleansScheduler.Agent.Tests;

public sealed class SandboxFilesTests : IAsyncLifetime
{
    private Node _node = null!;
    private AttemptId _attempt;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.Start();
        _attempt = _node.Launch(Node.Shell(
            "mkdir d; printf 0123456789 >d/numbers; ln -s d/numbers inside; ln -s /etc/passwd outside; ln -s .. up; "
            + "ln -s /proc/self/root magic; "
            + "mkfifo pipe; echo done"));
        await _node.Gateway.End(_attempt);
    }

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_directory_is_listed_with_what_its_entries_are()
    {
        var answer = await Ask("", list: true);

        Assert.Equal(
            ["d directory", "inside link", "magic link", "outside link", "pipe other", "tmp directory", "up link"],
            answer.Entries.Select(entry => $"{entry.Name} {entry.Kind}"));
        Assert.Equal(("numbers", 10L), (await Ask("d", list: true)).Entries.Select(entry => (entry.Name, entry.Size)).Single());
    }

    [Theory]
    [InlineData("d/numbers", 0, 0, "0123456789")]
    [InlineData("d/../d/numbers", 4, 3, "456")]
    [InlineData("inside", 8, 100, "89")]
    [InlineData("d/numbers", 100, 100, "")]
    public async Task A_file_is_read_piece_by_piece(string path, long offset, int most, string expected)
    {
        var answer = await Ask(path, offset: offset, most: most);

        Assert.Equal((expected, 10L), (answer.Data.ToStringUtf8(), answer.Size));
    }

    [Theory]
    [InlineData("outside", "outside-sandbox")]
    [InlineData("up/stdout", "outside-sandbox")]
    [InlineData("magic/etc/passwd", "outside-sandbox")]
    [InlineData("/etc/passwd", "outside-sandbox")]
    [InlineData("../stdout", "outside-sandbox")]
    [InlineData("d/../../stdout", "outside-sandbox")]
    [InlineData("nothing", "file-not-found")]
    [InlineData("d/numbers/x", "file-not-found")]
    [InlineData("d", "not-a-file")]
    [InlineData("pipe", "not-a-file")]
    [InlineData("a\0b", "bad-path")]
    public async Task What_is_not_in_the_sandbox_is_not_shown(string path, string code)
    {
        var answer = await Ask(path);

        Assert.Equal((code, 0), (answer.ProblemCode, answer.Data.Length));
    }

    [Fact]
    public async Task A_link_that_is_exchanged_while_it_is_read_never_leads_outside()
    {
        var sandbox = _node.DirectoryOf(_attempt).Sandbox;
        var (link, other) = (Path.Combine(sandbox, "flip"), Path.Combine(sandbox, "flop"));
        using var over = new CancellationTokenSource();
        var flipping = Task.Run(() =>
        {
            for (var round = 0; !over.IsCancellationRequested; round++)
            {
                File.CreateSymbolicLink(other, round % 2 == 0 ? "d/numbers" : "../stdout");
                File.Move(other, link, overwrite: true);
            }
        });
        for (var round = 0; round < 500; round++)
        {
            var answer = BeneathDirectory.OpenFile(sandbox, "flip");
            if (answer.Value is not { } file) continue;
            using (file)
            using (var reader = new StreamReader(file)) Assert.Equal("0123456789", reader.ReadToEnd());
        }

        await over.CancelAsync();
        await flipping;
    }

    [Fact]
    public async Task A_sandbox_that_is_not_there_is_said_not_to_be() =>
        Assert.Equal("sandbox-not-found", (await _node.Gateway.Ask(new ReadFile
        {
            Attempt = new() { Job = "shop/test/other", Instance = 0, Number = 1 },
            Path = "x",
        })).ProblemCode);

    private Task<FileData> Ask(string path, bool list = false, long offset = 0, int most = 0) => _node.Gateway.Ask(new ReadFile
    {
        Attempt = new() { Job = _attempt.Job.ToString(), Instance = _attempt.Instance, Number = _attempt.Number },
        Path = path,
        List = list,
        Offset = offset,
        MaxBytes = most,
        Actor = "tester",
    });
}
