using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched completion</c>: prints the script that lets a shell complete command lines.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of osched for bash. Load it with: source <(osched completion bash)
        _osched() {
          local line
          COMPREPLY=()
          while IFS= read -r line; do COMPREPLY+=("$line"); done < <(osched "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
        }
        complete -o default -F _osched osched

        """;

    private const string Zsh = """
        #compdef osched
        # Completion of osched for zsh. Load it with: source <(osched completion zsh)
        _osched() {
          local -a words_found
          words_found=("${(@f)$(osched "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- $words_found
        }
        compdef _osched osched

        """;

    private const string Fish = """
        # Completion of osched for fish. Load it with: osched completion fish | source
        function __osched_complete
          set -l line (commandline -cp)
          osched "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c osched -a '(__osched_complete)'

        """;

    public static Verb Create(Shell shell)
    {
        var name = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        name.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new Verb(
            shell, "completion", "Print the completion script for a shell",
            "completion bash > /etc/bash_completion.d/osched", "completion fish | source")
            .With(name).Runs((session, _) =>
            {
                session.Terminal.Output.Write(session.Value(name) switch
                {
                    "bash" => Bash,
                    "zsh" => Zsh,
                    _ => Fish,
                });
                return Task.FromResult(ExitCode.Ok);
            });
    }
}
