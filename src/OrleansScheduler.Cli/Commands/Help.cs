using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OrleansScheduler.Cli;

/// <summary>Help that starts with what a reader wants first: command lines that work.</summary>
internal sealed class Help(HelpAction usual) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Puts this help in the place of the usual one.</summary>
    public static void AddTo(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().First();
        option.Action = new Help((HelpAction)option.Action!);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is RootCommand)
        {
            output.WriteLine("""
                Examples:
                  osched demo                     see it work on this machine
                  osched dev                      run an empty cell
                  osched job init job.yaml        write a job file to start from
                  osched job run job.yaml --wait  submit it

                """);
        }

        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples) output.WriteLine(example.Contains("osched ") ? $"  {example}" : $"  osched {example}");
            output.WriteLine();
        }

        return usual.Invoke(parseResult);
    }
}
