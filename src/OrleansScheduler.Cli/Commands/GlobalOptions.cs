using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary>The options that every verb takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string> Gateway { get; }

    public Option<OutputFormat> Output { get; } = Arguments.Choice("--output", "How data is printed", OutputFormat.Table, "-o");

    public Option<bool> NoHeaders { get; } = new("--no-headers") { Description = "Leave the headings of tables out", Recursive = true };

    public Option<ColorChoice> Color { get; } = Arguments.Choice(
        "--color", "When output is coloured; NO_COLOR is honoured", ColorChoice.Auto);

    public GlobalOptions(Terminal terminal)
    {
        Output.Recursive = true;
        Color.Recursive = true;
        Gateway = new("--gateway")
        {
            Description = "Address of the gateway; $OSCHED_GATEWAY is taken when it is not given",
            Recursive = true,
            HelpName = "url",
            DefaultValueFactory = _ => terminal.NonEmpty("OSCHED_GATEWAY") ?? SchedulerClientOptions.DefaultGateway.OriginalString,
        };
        Gateway.Validators.Add(result =>
        {
            if (Address(result.Tokens.Count > 0 ? result.Tokens[0].Value : result.GetValueOrDefault<string>()) is null)
            {
                result.AddError("--gateway: expected an address such as http://127.0.0.1:7070");
            }
        });
    }

    /// <summary>Adds the options to the root command.</summary>
    public void AddTo(Command root)
    {
        root.Add(Gateway);
        root.Add(Output);
        root.Add(NoHeaders);
        root.Add(Color);
    }

    /// <summary>The text as an HTTP address, or null.</summary>
    public static Uri? Address(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
}
