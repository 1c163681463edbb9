using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched job init</c>: writes a job file to start from.</summary>
internal static class JobInitCommand
{
    public static Verb Create(Shell shell)
    {
        var file = new Argument<string>("file")
        {
            Description = "Where to write it; - for standard output",
            DefaultValueFactory = _ => "job.yaml",
        };
        var type = new Option<string>("--type") { Description = "service, batch or cron", DefaultValueFactory = _ => JobExamples.Service };
        type.AcceptOnlyFromAmong(JobExamples.Service, JobExamples.Batch, JobExamples.Cron);
        var force = new Option<bool>("--force") { Description = "Overwrite a file that exists" };
        return new Verb(shell, "init", "Write a job file to start from", "job init web.yaml", "job init nightly.yaml --type batch")
            .With(file, type, force).Runs(async (session, cancellationToken) =>
            {
                var (path, text) = (session.Value(file), JobExamples.Read(session.Value(type))!);
                if (path == "-")
                {
                    await session.Terminal.Output.WriteAsync(text.AsMemory(), cancellationToken);
                    return ExitCode.Ok;
                }

                if (File.Exists(path) && !session.Value(force)) return session.Refuse($"{path} exists; --force overwrites it");
                // It says how to try it, by the name that examples have where they are kept.
                text = text.Replace($"job run {session.Value(type)}.yaml", $"job run {path}", StringComparison.Ordinal);
                await File.WriteAllTextAsync(path, text, cancellationToken);
                session.Say($"Wrote {path}. Next: osched job run {path} --wait");
                return ExitCode.Ok;
            });
    }
}
