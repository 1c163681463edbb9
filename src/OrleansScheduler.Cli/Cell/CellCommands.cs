namespace OrleansScheduler.Cli;

/// <summary><c>osched cell …</c>: the cell as a whole.</summary>
internal static class CellCommands
{
    private static readonly Listing<CellView> Cells = new(cell => cell.Name, new Column<CellView>("CELL", cell => cell.Name));

    public static Verb Create(Shell shell) => new Verb(shell, "cell", "Look at the cell as a whole", "cell status").With(
        BackupCommands.Backup(shell), BackupCommands.Restore(shell), BackupCommands.Verify(shell),
        new Verb(shell, "status", "Show the cell at a glance", "cell status", "cell status -o json")
            .Runs(async (session, cancellationToken) =>
        {
            var answer = await session.Client.DescribeCellAsync(cancellationToken);
            if (answer.Problem is { } problem) return session.Fail(problem);
            session.Printer.One(answer.Value!, Cells, cell => session.Printer.Facts(
                ("Cell", cell.Name),
                ("Version", cell.Version),
                ("Safe mode", cell.SafeMode ? $"on: {cell.SafeModeReason} Look at the nodes' adopted tasks, then: osched cell resume"
                    : "off"),
                ("Silos", $"{cell.Silos}"),
                ("Nodes", cell.Nodes.IsEmpty ? "none" : Words.Of(cell.Nodes)),
                ("Cpu", Words.Cpu(cell.Used, cell.Capacity)),
                ("Memory", Words.Memory(cell.Used, cell.Capacity)),
                ("Jobs", $"{cell.Jobs}"),
                ("Tasks", $"{cell.Placed} placed, {cell.Pending} waiting"),
                ("Ledger", $"epoch {cell.LedgerEpoch}, on silo {cell.LedgerSilo}")));
            return ExitCode.Ok;
        }),
        CreateResume(shell));

    private static Verb CreateResume(Shell shell)
    {
        var operation = Arguments.Operation();
        return new Verb(shell, "resume", "End safe mode: end what no job wants, place what waits", "cell resume")
            .With(operation).Runs(async (session, cancellationToken) =>
            {
                var answer = await Change.SendAsync(
                    session, session.Value(operation), key => session.Client.ResumeCellAsync(key, cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, Cells, cell => session.Printer.Text($"Cell {cell.Name} works normally."));
                return ExitCode.Ok;
            });
    }
}
