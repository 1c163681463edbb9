using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>What a task is told about itself: its environment, and the names that are replaced in its command and its variables.</summary>
internal sealed class TaskEnvironment
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <param name="attempt">The attempt.</param>
    /// <param name="spec">What it runs.</param>
    /// <param name="node">The node it runs on.</param>
    /// <param name="selfCommand">Words that start this program again; empty when they are not known.</param>
    public TaskEnvironment(Attempt attempt, TaskSpec spec, string node, string selfCommand)
    {
        var (job, instance, _) = attempt.Id;
        var sandbox = attempt.Directory.Sandbox;
        Add("JOB", job.ToString());
        Add("ROLE", job.Role);
        Add("ENV", job.Environment);
        Add("NAME", job.Name);
        Add("INSTANCE", instance.ToString(CultureInfo.InvariantCulture));
        Add("ATTEMPT", attempt.Id.ToString());
        Add("NODE", node);
        Add("SANDBOX", sandbox);
        foreach (var (name, outside) in spec.Ports.Zip(attempt.Record.Ports))
        {
            // The number on which the task has to listen.
            var port = spec.Container.Ports.TryGetValue(name, out var inside) ? inside : outside;
            var variable = PortVariable(name);
            _names[variable] = Variables[variable] = port.ToString(CultureInfo.InvariantCulture);
        }

        if (attempt.Record.Items is not []) Add("ITEMS", string.Join(',', attempt.Record.Items));
        if (attempt.Record.Devices is not []) AddDevices(string.Join(',', attempt.Record.Devices));
        Variables["OSCHED_BIN"] = selfCommand;
        Variables["HOME"] = sandbox;
        Variables["TMPDIR"] = Path.Combine(sandbox, "tmp");
        Variables["PATH"] = Inherited("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        Variables["LANG"] = Inherited("LANG", "C.UTF-8");

        // The task's own win over what it inherits, but not over what names it: its processes are found by that.
        foreach (var (name, value) in spec.Env)
        {
            if (!name.StartsWith("OSCHED_", StringComparison.Ordinal)) Variables[name] = Substitute(value);
        }
    }

    /// <summary>All variables of the task; nothing else is inherited from the agent.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>The variable that holds a port: <c>http-admin</c> is <c>PORT_HTTP_ADMIN</c>.</summary>
    public static string PortVariable(string port) =>
        "PORT_" + string.Concat(port.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));

    /// <summary>Replaces <c>${NAME}</c> for the names that the agent knows; all others are left to the shell.</summary>
    public string Substitute(string text)
    {
        if (!text.Contains("${", StringComparison.Ordinal)) return text;
        var result = new System.Text.StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf("${", at, StringComparison.Ordinal);
            var close = open < 0 ? -1 : text.IndexOf('}', open);
            if (close < 0) return result.Append(text, at, text.Length - at).ToString();
            result.Append(text, at, open - at);
            if (_names.TryGetValue(text[(open + 2)..close], out var value))
            {
                result.Append(value);
                at = close + 1;
            }
            else
            {
                // Only the opening is passed over: a known name may stand inside, as in ${X:-${INSTANCE}}.
                result.Append("${");
                at = open + 2;
            }
        }

        return result.ToString();
    }

    private static string Inherited(string name, string otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;

    /// <summary>Under the names that drivers and libraries of GPUs go by too: a task then sees its own and no others.</summary>
    private void AddDevices(string numbers)
    {
        Add("GPUS", numbers);
        Variables["CUDA_VISIBLE_DEVICES"] = Variables["NVIDIA_VISIBLE_DEVICES"] = numbers;
    }

    private void Add(string name, string value) => _names[name] = Variables["OSCHED_" + name] = value;
}
