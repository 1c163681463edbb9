namespace OrleansScheduler.Cli;

/// <summary><c>osched example …</c>: programs that the example jobs run, so that a demonstration needs nothing but this
/// executable.</summary>
internal static class ExampleCommands
{
    public static Verb Create(Shell shell)
    {
        var web = new Verb(shell, "web", "Serve /health and / on $PORT_HTTP of the loopback address, and crash when asked for /crash")
            .Runs((session, cancellationToken) => ExampleWeb.RunAsync(session, cancellationToken));
        var noun = new Verb(shell, "example", "Programs that the example jobs run") { Hidden = true };
        return noun.With(web);
    }
}
