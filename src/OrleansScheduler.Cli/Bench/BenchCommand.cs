namespace OrleansScheduler.Cli;

/// <summary><c>osched bench …</c>: measurements that anyone can repeat, with no cell running.</summary>
internal static class BenchCommand
{
    public static Verb Create(Shell shell) =>
        new Verb(shell, "bench", "Measure on this machine; needs no cell", "bench ledger", "bench packing", "bench agent")
            .With(LedgerCommand.Create(shell), PackingCommand.Create(shell), AgentBenchCommand.Create(shell));
}
