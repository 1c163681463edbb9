using System.CommandLine;
using OrleansScheduler.Contracts;
using OrleansScheduler.Silo;

namespace OrleansScheduler.Cli;

/// <summary><c>osched cell backup</c>, <c>restore</c> and <c>verify</c>.</summary>
internal static class BackupCommands
{
    private static readonly Listing<StateDamageView> Damages = new(
        damage => $"{damage.Owner} {damage.Row}",
        new Column<StateDamageView>("OWNER", damage => damage.Owner),
        new Column<StateDamageView>("ROW", damage => damage.Row),
        new Column<StateDamageView>("REASON", damage => damage.Reason));

    public static Verb Backup(Shell shell)
    {
        var file = File("Where the backup goes; must not exist yet");
        return new Verb(shell, "backup", "Copy everything durable to a file while the cell works", "cell backup monday.bak")
            .With(file).Runs(async (session, cancellationToken) =>
            {
                var path = Path.GetFullPath(session.Value(file));
                if (System.IO.File.Exists(path)) return session.Refuse($"{path} exists already");

                // It gets its name when it is complete and checked: no half backup is ever found under it.
                var partial = path + ".part";
                try
                {
                    await using (var stream = new FileStream(partial, FileMode.Create, FileAccess.ReadWrite))
                    {
                        var answer = await session.Client.BackUpCellAsync(stream, cancellationToken);
                        if (answer.Problem is { } problem) return session.Fail(problem);
                        stream.Position = 0;
                        var content = await BackupCheck.Run(stream, cancellationToken);
                        if (content.Problem is { } damage) return session.Fail(damage, path);
                        stream.Flush(flushToDisk: true);
                        Print(session, content.Value!);
                    }

                    System.IO.File.Move(partial, path);
                    return ExitCode.Ok;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    return session.Refuse($"{path} cannot be written: {e.Message}");
                }
                finally
                {
                    System.IO.File.Delete(partial);
                }
            });
    }

    public static Verb Verify(Shell shell)
    {
        var file = new Argument<string?>("file")
        {
            Description = "A backup; without one the running cell compares what it knows with its store",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new Verb(
            shell, "verify", "Check a backup, or the store of the running cell", "cell verify monday.bak", "cell verify")
            .With(file).Runs(async (session, cancellationToken) =>
            {
                if (session.Value(file) is not { } path) return await VerifyCellAsync(session, cancellationToken);
                return await ReadAsync(session, path, async stream =>
                {
                    var content = await BackupCheck.Run(stream, cancellationToken);
                    if (content.Problem is { } damage) return session.Fail(damage, path);
                    Print(session, content.Value!);
                    return ExitCode.Ok;
                });
            });
    }

    public static Verb Restore(Shell shell)
    {
        var file = File("The backup");
        var config = RoleOptions.Config();
        var force = new Option<bool>("--force") { Description = "Replace what the store has" };
        return new Verb(
            shell, "restore", "Write a backup into the store of a cell that does not run; it then starts in safe mode",
            "cell restore monday.bak --config cell.json")
            .With(file, config, force).Runs((session, cancellationToken) =>
                ReadAsync(session, session.Value(file), async stream =>
                {
                    var builder = RoleHost.CreateBuilder(session.Value(config), verbose: false, new Dictionary<string, string?>());
                    builder.Configuration["Cell:StateDirectory"] ??= Path.Combine(session.Terminal.StateDirectory, "silo");
                    builder.AddSilo();
                    await using var host = builder.Build();
                    var answer = await CellRestore.Run(
                        host.Services, stream, Path.GetFileName(stream.Name), session.Value(force), cancellationToken);
                    if (answer.Problem is { } problem) return session.Fail(problem);
                    var report = answer.Value!;
                    session.Printer.Facts(
                        ("Cell", report.Cell),
                        ("Backup of", $"{report.TakenAt:yyyy-MM-dd HH:mm:ss}Z"),
                        ("Jobs", $"{report.Jobs}"),
                        ("Nodes", $"{report.Nodes}"),
                        ("Bytes", $"{report.Bytes}"),
                        ("Store", $"incarnation {report.StoreIncarnation}, in safe mode"));
                    session.Say("Start the silos now. Look at what the cell finds, then: osched cell resume.");
                    return ExitCode.Ok;
                }));
    }

    private static Argument<string> File(string description) => new("file") { Description = description };

    private static async Task<int> VerifyCellAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Client.CheckCellAsync(cancellationToken);
        if (answer.Problem is { } problem) return session.Fail(problem);
        var check = answer.Value!;
        session.Printer.One(check, new Listing<CellCheckView>(_ => "cell"), _ => session.Printer.Facts(
            ("Owners", $"{check.Owners}"), ("Rows", $"{check.Rows}"), ("Bytes", $"{check.Bytes}"), ("Damaged", $"{check.Damaged}")));
        if (check.Damaged == 0) return ExitCode.Ok;
        if (session.Format is OutputFormat.Table or OutputFormat.Wide) session.Printer.List(check.Damages, Damages);
        return ExitCode.Failed;
    }

    private static async Task<int> ReadAsync(Session session, string path, Func<FileStream, Task<int>> use)
    {
        try
        {
            await using var stream = System.IO.File.OpenRead(path);
            return await use(stream);
        }
        catch (FileNotFoundException)
        {
            return session.Refuse($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return session.Refuse($"{path} cannot be read: {e.Message}");
        }
    }

    private static void Print(Session session, BackupContent content) => session.Printer.Facts(
        ("Cell", content.Header.Cell),
        ("Taken", $"{content.Header.TakenAt:yyyy-MM-dd HH:mm:ss}Z by version {content.Header.Product}"),
        ("States", string.Join(", ", content.Owners.Select(owner => $"{owner.Value} {owner.Key}"))),
        ("Bytes", $"{content.Bytes}"));
}
