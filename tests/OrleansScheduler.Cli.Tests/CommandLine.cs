using System.Text;

namespace OrleansScheduler.Cli.Tests;

/// <summary>What one run of the command gave.</summary>
internal sealed record Outcome(int Code, string Output, string Error);

/// <summary>Runs command lines in this process, with streams and an environment of their own.</summary>
internal static class CommandLine
{
    public static Task<Outcome> RunAsync(StubGateway gateway, params string[] args) => RunAsync(gateway, new Surroundings(), args);

    public static Task<Outcome> RunAsync(params string[] args) => RunAsync(gateway: null, new Surroundings(), args);

    public static async Task<Outcome> RunAsync(StubGateway? gateway, Surroundings around, params string[] args)
    {
        using var output = new MemoryStream();
        await using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        using var error = new StringWriter { NewLine = "\n" };
        var variables = new Dictionary<string, string>(around.Variables, StringComparer.Ordinal);
        if (gateway is not null) variables["OSCHED_GATEWAY"] = gateway.Address.OriginalString;
        var terminal = new Terminal
        {
            Input = new MemoryStream(Encoding.UTF8.GetBytes(around.Input)),
            OutputBytes = output,
            Output = writer,
            Error = error,
            OutputIsTerminal = around.IsTerminal,
            ErrorIsTerminal = around.IsTerminal,
            Variable = name => variables.GetValueOrDefault(name),
        };
        var code = await Osched.RunAsync(args, terminal, around.Interrupt);
        return new(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}

/// <summary>What a run of the command finds around it.</summary>
internal sealed record Surroundings
{
    public string Input { get; init; } = "";

    public bool IsTerminal { get; init; }

    public Dictionary<string, string> Variables { get; init; } = [];

    public CancellationToken Interrupt { get; init; } = TestContext.Current.CancellationToken;
}
