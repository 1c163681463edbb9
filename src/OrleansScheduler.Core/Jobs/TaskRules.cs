using System.Text;

namespace OrleansScheduler.Core;

/// <summary>The rules that a complete task must keep.</summary>
internal static class TaskRules
{
    private const string Root = TaskFileReader.Path;
    private const int MaxAccountLength = 32;

    public static void Check(TaskSpec task, JobFindings findings)
    {
        ContainerRules.Check(task, findings);
        if (task.Command is not [] || (task.Processes is [] && task.Image is null)) findings.CheckCommand(task.Command, $"{Root}.command");
        ProcessRules.Check(task, findings);
        CheckUser(task, findings);
        Rlimit.Check(task.Rlimits, $"{Root}.rlimits", findings);
        CheckEnv(task, findings);
        CheckResources(task.Resources, findings);
        CheckCustom(task.Custom, findings);
        CheckPorts(task.Ports, findings);
        ArtifactRules.Check(task.Artifacts, $"{Root}.artifacts", findings);
        CheckHealth(task, findings);
        CheckKill(task, findings);
        CheckTemplates(task, findings);
        if (task.Logs.RotateSizeMiB < 1) findings.Add(JobCode.BelowMinimum, $"{Root}.logs.rotate-size", "This must be at least 1MiB.");
        findings.CheckRange(task.Logs.Keep, WholeRange.LogFiles, $"{Root}.logs.keep");
        CheckBindings(task, findings);
    }

    private static void CheckUser(TaskSpec task, JobFindings findings)
    {
        // In an image a group may be named too.
        if (task.User is not { } user) return;
        var names = TaskDrivers.RunsImages(task.Driver) ? user.Split(':', 2) : [user];
        if (!names.All(name => name.Length is > 0 and <= MaxAccountLength
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')))
            findings.Add(JobCode.BadName, $"{Root}.user", $"{FieldWords.Show(user)} is not the name of an account.");
    }

    private static void CheckEnv(TaskSpec task, JobFindings findings)
    {
        foreach (var (name, value) in task.Env)
        {
            var path = JobFilePath.Join($"{Root}.env", name);
            if (!IsVariableName(name))
                findings.Add(JobCode.EnvName, path,
                    $"{FieldWords.Show(name)} is not the name of a variable: A-Z, a-z, 0-9 and '_', not starting with a digit.");
            else if (name.StartsWith("LD_", StringComparison.Ordinal))
                findings.Add(JobCode.EnvForbidden, path,
                    $"{name} would change programs of the agent too; set it in the command, such as 'env {name}=… program'.");
            else if (name.StartsWith("OSCHED_", StringComparison.Ordinal)
                || name.StartsWith(PortName.VariablePrefix, StringComparison.Ordinal))
                findings.Add(JobCode.EnvForbidden, path,
                    "Variables that start with OSCHED_ or PORT_ are set by the agent; choose another name.");
            if (Encoding.UTF8.GetByteCount(name) + 1 + Encoding.UTF8.GetByteCount(value) > JobLimits.MaxArgumentBytes)
                findings.Add(JobCode.EnvTooLong, path,
                    $"A variable with its value is at most {JobLimits.MaxArgumentBytes} bytes long; bring more in a file.");
            findings.CheckText(value, path);
        }
    }

    private static void CheckResources(Resources resources, JobFindings findings)
    {
        if (resources.CpuMillis < 1) findings.Add(JobCode.BelowMinimum, $"{Root}.resources.cpu", "This must be at least 0.001.");
        if (resources.MemoryMiB < 1) findings.Add(JobCode.BelowMinimum, $"{Root}.resources.memory", "This must be at least 1MiB.");
        if (resources.DiskMiB < 0) findings.Add(JobCode.BelowMinimum, $"{Root}.resources.disk", "This must be at least 0MiB.");
        if (resources.GpuMillis < 0) findings.Add(JobCode.BelowMinimum, $"{Root}.resources.gpus", "This must be at least 0.");
        if (resources.GpuMillis > 1000 && resources.GpuMillis % 1000 != 0)
            findings.Add(JobCode.BadQuantity, $"{Root}.resources.gpus",
                "Below 1 this is a share of one GPU; above, it must be a whole number of GPUs.");
    }

    private static void CheckCustom(CustomRequest custom, JobFindings findings)
    {
        CheckNames(custom.Scalars.Keys, $"{Root}.resources.custom", findings);
        CheckNames(custom.Sets.Keys, $"{Root}.resources.sets", findings);
        foreach (var (name, amount) in custom.Scalars)
        {
            if (amount < 1)
                findings.Add(JobCode.BelowMinimum, JobFilePath.Join($"{Root}.resources.custom", name), "This must be at least 0.001.");
        }

        foreach (var (name, items) in custom.Sets)
            findings.CheckRange(items, WholeRange.SetItems, JobFilePath.Join($"{Root}.resources.sets", name));
    }

    private static void CheckNames(IEnumerable<string> names, string path, JobFindings findings)
    {
        var count = 0;
        foreach (var name in names)
        {
            if (!JobKey.IsValidPart(name))
                findings.Add(JobCode.BadName, JobFilePath.Join(path, name),
                    $"{FieldWords.Show(name)} is not the name of a resource: {JobKey.PartRule}.");
            else if (!NodeRules.IsCustomName(name))
                findings.Add(JobCode.BadName, JobFilePath.Join(path, name),
                    $"'{name}' is not a resource of the cell's own; write it one level up.");
            if (++count > JobLimits.MaxCustom)
            {
                findings.Add(JobCode.AboveMaximum, path, $"A task asks for at most {JobLimits.MaxCustom} of these.");
                return;
            }
        }
    }

    private static void CheckPorts(ImmutableArray<string> ports, JobFindings findings)
    {
        if (ports.Length > JobLimits.MaxPorts)
        {
            findings.Add(JobCode.AboveMaximum, $"{Root}.resources.ports", $"A task has at most {JobLimits.MaxPorts} ports.");
            return;
        }

        var variables = new Dictionary<string, string>();
        for (var i = 0; i < ports.Length; i++)
        {
            var (name, path) = (ports[i], $"{Root}.resources.ports[{i}]");
            if (!PortName.IsValid(name))
            {
                var hint = name.All(char.IsAsciiDigit)
                    ? " Ports are named here; the agent chooses the numbers and passes them as PORT_<NAME>."
                    : "";
                findings.Add(JobCode.PortName, path, $"{FieldWords.Show(name)} is not the name of a port: {PortName.Rule}.{hint}");
                continue;
            }

            if (!variables.TryAdd(PortName.Variable(name), name))
                findings.Add(JobCode.PortDuplicate, path,
                    $"'{name}' and '{variables[PortName.Variable(name)]}' would both be {PortName.Variable(name)}; rename one.");
        }
    }

    private static void CheckHealth(TaskSpec task, JobFindings findings)
    {
        const string Path = $"{Root}.health";
        if (task.Health is not { } health) return;
        CheckProbe(health.Probe, Path, task, findings);
        if (health.Readiness is { } readiness) CheckProbe(readiness, $"{Path}.readiness", task, findings);
        findings.CheckDuration(health.InitialDelay, TimeSpan.Zero, $"{Path}.initial-delay");
        findings.CheckDuration(health.Interval, JobRules.Instant, $"{Path}.interval");
        findings.CheckDuration(health.Timeout, JobRules.Instant, $"{Path}.timeout");
        findings.CheckRange(health.MaxFailures, WholeRange.Failures, $"{Path}.max-failures");
        findings.CheckRange(health.MinSuccesses, WholeRange.Successes, $"{Path}.min-successes");
    }

    private static void CheckProbe(HealthProbe probe, string path, TaskSpec task, JobFindings findings)
    {
        switch (probe)
        {
            case HealthProbe.Http http:
                CheckHealthPort(http.Port, $"{path}.http.port", task, findings);
                CheckUrlPath(http.Path, JobCode.HealthPath, $"{path}.http.path", findings);
                break;
            case HealthProbe.Https https:
                CheckHealthPort(https.Port, $"{path}.https.port", task, findings);
                CheckUrlPath(https.Path, JobCode.HealthPath, $"{path}.https.path", findings);
                break;
            case HealthProbe.Tcp tcp:
                CheckHealthPort(tcp.Port, $"{path}.tcp.port", task, findings);
                break;
            case HealthProbe.Grpc grpc:
                CheckHealthPort(grpc.Port, $"{path}.grpc.port", task, findings);
                findings.CheckText(grpc.Service, $"{path}.grpc.service");
                findings.CheckLength(grpc.Service, $"{path}.grpc.service");
                break;
            case HealthProbe.Command command:
                findings.CheckCommand(command.Arguments, $"{path}.command");
                break;
        }
    }

    private static void CheckHealthPort(string port, string path, TaskSpec task, JobFindings findings)
    {
        if (task.Ports.Contains(port)) return;
        // Only what is a name itself is repeated: the others have their own findings.
        string[] names = [.. task.Ports.Where(PortName.IsValid)];
        var hint = FieldWords.Nearest(port, names) is { } meant ? $"did you mean '{meant}'?" : "name it in 'resources.ports' too.";
        findings.Add(JobCode.HealthPortUnknown, path, $"The task has no port {FieldWords.Show(port)}; {hint}");
    }

    private static void CheckKill(TaskSpec task, JobFindings findings)
    {
        findings.CheckDuration(task.Kill.Grace, TimeSpan.Zero, $"{Root}.kill.grace");
        CheckEndpoint(task.Kill.GracefulShutdown, "graceful-shutdown");
        CheckEndpoint(task.Kill.Shutdown, "shutdown");

        void CheckEndpoint(string? path, string name)
        {
            if (path is null) return;
            CheckUrlPath(path, JobCode.KillPath, $"{Root}.kill.{name}", findings);
            if (task.Ports is [])
                findings.Add(JobCode.KillPortMissing, $"{Root}.kill.{name}",
                    "This is posted to the task's first port, and it has none; name one in 'resources.ports'.");
        }
    }

    private static void CheckTemplates(TaskSpec task, JobFindings findings)
    {
        const string Path = $"{Root}.templates";
        if (task.Templates.IsDefaultOrEmpty) return;
        if (task.Templates.Length > TemplateSpec.MaxCount)
        {
            findings.Add(JobCode.AboveMaximum, Path, $"A task has at most {TemplateSpec.MaxCount} templates.");
            return;
        }

        var paths = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < task.Templates.Length; i++)
        {
            var (template, path) = (task.Templates[i], $"{Path}[{i}]");
            if (!TemplateSpec.IsPath(template.Path))
                findings.Add(JobCode.TemplatePath, $"{path}.path",
                    $"{FieldWords.Show(template.Path)} is not a file below the sandbox, such as conf/upstream.conf.");
            else if (!paths.Add(template.Path))
                findings.Add(JobCode.TemplatePath, $"{path}.path",
                    $"{FieldWords.Show(template.Path)} is the file of another template too.");
            findings.CheckText(template.Text, $"{path}.text");
            if (template.Text.Length > TemplateSpec.MaxTextLength)
                findings.Add(JobCode.TooLong, $"{path}.text", $"A template is at most {TemplateSpec.MaxTextLength} characters long.");
            else if (ServiceTemplate.Parse(template.Text).Problem is { } problem)
                findings.Add(problem.Code, $"{path}.text", problem.Message);
            if (template.Signal is { } signal && !TemplateSpec.Signals.Contains(signal))
                findings.Add(JobCode.TemplateSignal, $"{path}.signal",
                    $"{FieldWords.Show(signal)} is not one of {string.Join(", ", TemplateSpec.Signals)}.");
        }
    }

    private static void CheckUrlPath(string text, string code, string path, JobFindings findings)
    {
        findings.CheckLength(text, path);
        if (text is not ['/', ..] || text.Any(c => c is '#' or '\\' || char.IsWhiteSpace(c) || char.IsControl(c)))
            findings.Add(code, path,
                $"{FieldWords.Show(text)} is not a path on the task's own port: it starts with '/' and has no blanks, '\\' or '#'.");
    }

    /// <summary>A port that is meant in a command must be there. Other <c>${…}</c> may be the shell's own and are let through.</summary>
    private static void CheckBindings(TaskSpec task, JobFindings findings)
    {
        var known = task.Ports.Select(PortName.Variable).ToHashSet();
        var script = ShellCommand.ScriptOf(task.Command) is not null;
        for (var i = 0; i < task.Command.Length; i++) Check(task.Command[i], script ? $"{Root}.command" : $"{Root}.command[{i}]");
        foreach (var (process, i) in task.Processes.Select((process, i) => (process, i)))
        {
            foreach (var word in process.Command) Check(word, $"{Root}.processes[{i}].command");
        }

        foreach (var (name, value) in task.Env) Check(value, JobFilePath.Join($"{Root}.env", name));
        for (var i = 0; i < (task.Templates.IsDefault ? 0 : task.Templates.Length); i++)
            Check(task.Templates[i].Text, $"{Root}.templates[{i}].text");

        void Check(string text, string path)
        {
            if (PortReferences(text).FirstOrDefault(variable => !known.Contains(variable)) is not { } unknown) return;
            var hint = known.Count == 0
                ? "the task has no ports; name them in 'resources.ports'"
                : $"known are {string.Join(", ", known.Order(StringComparer.Ordinal))}";
            findings.Add(JobCode.UndefinedBinding, path, $"There is no {FieldWords.Show($"${{{unknown}}}")}: {hint}.");
        }
    }

    /// <summary>Variables of ports that stand in a text as <c>${PORT_HTTP}</c>.</summary>
    private static IEnumerable<string> PortReferences(string text)
    {
        const string Open = "${";
        for (var at = text.IndexOf(Open, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Open, at, StringComparison.Ordinal))
        {
            at += Open.Length;
            var end = at;
            while (end < text.Length && IsVariableCharacter(text[end])) end++;
            var variable = text[at..end];
            if (end < text.Length && text[end] == '}' && variable.StartsWith(PortName.VariablePrefix, StringComparison.Ordinal))
                yield return variable;
            at = end;
        }
    }

    private static bool IsVariableName(string name) =>
        name.Length > 0 && name.Length <= JobLimits.MaxTextLength && !char.IsAsciiDigit(name[0]) && name.All(IsVariableCharacter);

    private static bool IsVariableCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
