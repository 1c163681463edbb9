namespace OrleansScheduler.Cli;

internal static class DemoCommand
{
    public static Verb Create(Shell shell) => new Verb(shell, "demo", "x").Runs((s, c) => Task.FromResult(0));
}
