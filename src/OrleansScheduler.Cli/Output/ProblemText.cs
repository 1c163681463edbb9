namespace OrleansScheduler.Cli;

/// <summary>Words problems for people and editors: <c>file:line:column: path: message [code]</c>, one a line.</summary>
internal static class ProblemText
{
    /// <summary>Prints a problem on standard error and gives its exit code.</summary>
    public static int Print(Problem problem, TextWriter error, string? file = null)
    {
        foreach (var field in problem.Errors) error.WriteLine(Line(field, file));
        if (problem.Errors.IsEmpty) error.WriteLine($"osched: {problem.Message} [{problem.Code}]");
        return ExitCode.Of(problem.Kind);
    }

    /// <summary>One field's error in the form that editors jump to.</summary>
    public static string Line(FieldError error, string? file)
    {
        var place = file ?? "osched";
        if (error.Line > 0) place += $":{error.Line}:{Math.Max(1, error.Column)}";
        var path = error.Path.Length > 0 ? $"{error.Path}: " : "";
        return $"{place}: {path}{error.Message} [{error.Code}]";
    }
}
