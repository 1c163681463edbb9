using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched task files</c>: what lies in a task's sandbox.</summary>
internal static class TaskFilesCommands
{
    public static Verb Create(Shell shell) => new Verb(
        shell, "files", "Look at the files of a task, where the cell allows it",
        "task files ls shop/prod/web/0", "task files cat shop/prod/web/0 conf/app.yaml", "task files get shop/prod/web/0 core.dump")
        .With(CreateList(shell), CreateCat(shell), CreateGet(shell));

    private static Verb CreateList(Shell shell)
    {
        var (task, attempt) = (Arguments.Task(), Attempt());
        var path = new Argument<string>("path") { Description = "Directory in the sandbox", DefaultValueFactory = _ => "" };
        return new Verb(shell, "ls", "List a directory of a task's sandbox", "task files ls shop/prod/web/0",
            "task files ls shop/prod/web/0 logs")
            .With(task, path, attempt).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.ListFilesAsync(
                    session.Value(task), session.Value(path), session.Value(attempt), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                if (answer.Value!.Truncated) session.Say("osched: there are more files than are listed.");
                return session.List<FileEntry>(answer.Value.Entries, new(
                    entry => entry.Name, new("MODE", entry => entry.Mode), new("KIND", entry => entry.Kind), new("SIZE", entry =>
                        $"{entry.Size}"),
                    new("MODIFIED", entry => entry.Modified.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss")), new("NAME", entry =>
                        entry.Name)));
            });
    }

    private static Verb CreateCat(Shell shell)
    {
        var (task, path, attempt) = (Arguments.Task(), FilePath(), Attempt());
        return new Verb(shell, "cat", "Print a file of a task", "task files cat shop/prod/web/0 conf/app.yaml")
            .With(task, path, attempt).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.ReadFileAsync(
                    session.Value(task), session.Value(path), session.Terminal.OutputBytes, session.Value(attempt), cancellationToken);
                return answer.Problem is { } problem ? session.Fail(problem) : ExitCode.Ok;
            });
    }

    private static Verb CreateGet(Shell shell)
    {
        var (task, path, attempt) = (Arguments.Task(), FilePath(), Attempt());
        var to = new Option<string?>("--to")
        {
            Description = "Where it goes; its own name in this directory when it is not given",
            HelpName = "file"
        };
        return new Verb(shell, "get", "Copy a file of a task to this machine", "task files get shop/prod/web/0 core.dump --to /tmp/core")
            .With(task, path, to, attempt).Runs(async (session, cancellationToken) =>
            {
                var name = session.Value(to) ?? Path.GetFileName(session.Value(path).TrimEnd('/'));
                if (name.Length == 0) return session.Refuse("name a file");

                // Under another name until it is whole: half a file must not look like one.
                var partial = $"{name}.{Guid.NewGuid():n}.part";
                try
                {
                    Answer<long> answer;
                    await using (var file = new FileStream(partial, FileMode.CreateNew))
                        answer = await session.Client.ReadFileAsync(
                            session.Value(task), session.Value(path), file, session.Value(attempt), cancellationToken);
                    if (answer.Problem is { } problem) return session.Fail(problem);
                    File.Move(partial, name, overwrite: true);
                    session.Say($"{answer.Value} bytes in {name}");
                    return ExitCode.Ok;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    return session.Refuse($"{name}: {e.Message}");
                }
                finally
                {
                    File.Delete(partial);
                }
            });
    }

    private static Argument<string> FilePath() => new("path") { Description = "File in the sandbox" };

    private static Option<int?> Attempt() =>
        new("--attempt") { Description = "Which attempt; the latest when it is not given", HelpName = "n" };
}
