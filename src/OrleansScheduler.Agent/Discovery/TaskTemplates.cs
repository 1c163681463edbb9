using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>Writes the templates of tasks: before the start, and again when a service has moved.</summary>
internal sealed partial class TaskTemplates(
    ServiceTable services, AgentTelemetry telemetry, TimeProvider time, ILogger<TaskTemplates> logger)
{
    /// <summary>How long a start waits for the first word about services. After that they stand as if they had no instances.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Shortest time between two changes: a service that starts moves many times in a second.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SignalPause = TimeSpan.FromMilliseconds(100);
    private const int MostSignalTries = 50;

    /// <summary>Writes all templates of a task that is about to start.</summary>
    /// <exception cref="TaskStartException">One of them cannot be written.</exception>
    public async Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        if (Read(attempt.Spec) is not { Count: > 0 } templates) return;
        using var want = services.Want(templates.SelectMany(one => one.Template.Services));
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            while (!want.IsComplete) await want.Changed(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogIncomplete(attempt.Id);
        }

        foreach (var (spec, template) in templates)
        {
            try
            {
                SandboxFile.Replace(attempt.Directory.Sandbox, spec.Path, Render(template, environment));
            }
            catch (IOException e)
            {
                throw new TaskStartException($"Template {e.Message}", e);
            }
        }
    }

    /// <summary>Keeps the templates of a task that runs up to date until it is cancelled. Never fails.</summary>
    public async Task Follow(Attempt attempt, TaskEnvironment environment, ITaskDriver driver, CancellationToken cancellationToken)
    {
        if (Read(attempt.Spec) is not { Count: > 0 } templates) return;
        using var want = services.Want(templates.SelectMany(one => one.Template.Services));
        try
        {
            // The first look is for what changed between the start and now, or while no agent was here.
            while (true)
            {
                foreach (var (spec, template) in templates) await Update(attempt, environment, driver, spec, template, cancellationToken);
                await Task.Delay(Pace, time, cancellationToken);
                await want.Changed(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The task has ended, or the agent has.
        }
        catch (Exception e)
        {
            LogGivenUp(e, attempt.Id);
        }
    }

    private async Task Update(
        Attempt attempt, TaskEnvironment environment, ITaskDriver driver, TemplateSpec spec, ServiceTemplate template,
        CancellationToken cancellationToken)
    {
        // What nobody has said anything about yet is no news: the file may have been written when more was known.
        if (template.Services.Any(service => services.Find(service) is null)) return;
        var content = Render(template, environment);
        try
        {
            if (Says(Path.Combine(attempt.Directory.Sandbox, spec.Path), content)) return;
            SandboxFile.Replace(attempt.Directory.Sandbox, spec.Path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The task still has the file of before; the next change is another try.
            LogNotWritten(e, attempt.Id, spec.Path);
            return;
        }

        telemetry.TemplateChanged();
        LogChanged(attempt.Id, spec.Path);
        if (spec.Signal is not { } signal) return;
        for (var i = 0; i < MostSignalTries && !await driver.Signal(attempt, NumberOf(signal), cancellationToken); i++)
            await Task.Delay(SignalPause, time, cancellationToken);
    }

    /// <summary>Whether the file says that already. Not through a link: it may lead to something that has no end.</summary>
    private static bool Says(string path, byte[] content)
    {
        var file = new FileInfo(path);
        return file is { Exists: true, LinkTarget: null } && file.Length == content.Length
            && (content.Length == 0 || File.ReadAllBytes(path).AsSpan().SequenceEqual(content));
    }

    private byte[] Render(ServiceTemplate template, TaskEnvironment environment) =>
        Encoding.UTF8.GetBytes(template.Render(Addresses, environment.Substitute));

    private IEnumerable<(string Host, int Port)> Addresses(ServiceReference reference) =>
        from one in services.Find(reference.Service)?.Endpoints ?? []
        where one.Ports.ContainsKey(reference.Port)
        select (one.Host, one.Ports[reference.Port]);

    private static List<(TemplateSpec Spec, ServiceTemplate Template)> Read(TaskSpec? spec) =>
        spec is null || spec.Templates.IsDefaultOrEmpty ? [] :
        [
            .. spec.Templates.Select(one => (one, ServiceTemplate.Parse(one.Text).Value!))
                .Where(one => one.Item2 is not null),
        ];

    /// <summary>The numbers are the same on every processor that the agent runs on.</summary>
    private static int NumberOf(string signal) => signal switch
    {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "USR1" => 10,
        "USR2" => 12,
        "WINCH" => 28,
        _ => Posix.SigTerm,
    };

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Attempt {Attempt} starts without a word about some of its services; its templates have nothing there for now")]
    private partial void LogIncomplete(AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Attempt {Attempt} has a new {Path}: a service has moved")]
    private partial void LogChanged(AttemptId attempt, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} could not be given a new {Path}")]
    private partial void LogNotWritten(Exception exception, AttemptId attempt, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Attempt {Attempt} is told nothing about services any more")]
    private partial void LogGivenUp(Exception exception, AttemptId attempt);
}
