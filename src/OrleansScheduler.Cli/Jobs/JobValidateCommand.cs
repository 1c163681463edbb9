using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job validate</c>: says what is wrong with a job file, by the gateway's rules and without one.</summary>
internal static class JobValidateCommand
{
    private static readonly Listing<JobSpec> Specs = new(
        spec => spec.Key.ToString(),
        new("JOB", spec => spec.Key.ToString()),
        new("TYPE", spec => spec.Type.ToString().ToLowerInvariant()),
        new("INSTANCES", spec => $"{spec.Instances}"),
        new("EACH", spec => spec.Task.Resources.ToString()));

    public static Verb Create(Shell shell)
    {
        var file = new Argument<string>("file") { Description = "Job file, YAML or JSON; - reads standard input" };
        var set = Arguments.Set();
        return new Verb(
            shell, "validate", "Check a job file and print it with its defaults filled in; changes nothing",
            "job validate web.yaml", "job validate web.yaml -o yaml")
            .With(file, set).Runs(async (session, cancellationToken) =>
            {
                var name = JobFileSource.NameOf(session.Value(file));
                var body = await JobFileSource.ReadAsync(session.Value(file), session.Value(set), session.Terminal, cancellationToken);
                if (body.Problem is { } unreadable) return session.Fail(unreadable, name);
                var answer = JobFile.Parse(body.Value!.Content, body.Value.Parameters);
                if (answer.Problem is { } problem) return session.Fail(problem, name);
                session.Printer.List(answer.Value, Specs);
                return ExitCode.Ok;
            });
    }
}
