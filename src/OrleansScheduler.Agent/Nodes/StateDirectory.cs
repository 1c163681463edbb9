using System.Reflection;

namespace OrleansScheduler.Agent;

/// <summary>The agent's directory on disk, held by one agent at a time.</summary>
internal sealed class StateDirectory : IDisposable
{
    private readonly FileStream _lock;

    /// <summary>Takes the directory, making what is missing.</summary>
    /// <exception cref="AgentStartException">It is not usable; the message says why and what to do.</exception>
    public StateDirectory(AgentOptions options)
    {
        Root = Path.GetFullPath(options.StateDirectory);
        SetSid = FindSetSid();
        try
        {
            Directory.CreateDirectory(Root);
            Directory.CreateDirectory(AttemptDirectory.AllOf(Root));
            Directory.CreateDirectory(AttemptDirectory.ExitsOf(Root));
            Directory.CreateDirectory(Path.Combine(Root, "strict"));
            Directory.CreateDirectory(Path.Combine(Root, "expired"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStartException($"Agent:StateDirectory '{Root}' cannot be used: {e.Message}", e);
        }

        _lock = Take();
        Shim = WriteScript("shim.sh");
        Guard = WriteScript("guard.sh");
        AgentId = ReadAgentId();
    }

    /// <summary>The directory itself.</summary>
    public string Root { get; }

    /// <summary>Tells this directory's agent from any other, also one of the same node's name.</summary>
    public string AgentId { get; }

    /// <summary>The script that supervises one task.</summary>
    public string Shim { get; }

    /// <summary>The script that ends strict tasks without a lease.</summary>
    public string Guard { get; }

    /// <summary>The program that starts another one in a session of its own.</summary>
    public string SetSid { get; }

    /// <summary>Names an attempt to the guard while it must not outlive the lease.</summary>
    public string Strict(AttemptDirectory attempt) => Path.Combine(Root, "strict", Path.GetFileName(attempt.Root));

    /// <summary>Says that the guard has ended an attempt.</summary>
    public string Expired(AttemptDirectory attempt) => Path.Combine(Root, "expired", Path.GetFileName(attempt.Root));

    /// <summary>Lets another agent have the directory.</summary>
    public void Dispose() => _lock.Dispose();

    private FileStream Take()
    {
        try
        {
            return new(Path.Combine(Root, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStartException($"Agent:StateDirectory '{Root}' is in use by another agent, or not writable: {e.Message}", e);
        }
    }

    private string ReadAgentId()
    {
        var path = Path.Combine(Root, "agent.id");
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } known) return known;
        var id = Guid.NewGuid().ToString("n");
        File.WriteAllText(path, id + "\n");
        return id;
    }

    private string WriteScript(string name)
    {
        var path = Path.Combine(Root, name);
        using var script = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvariantException($"the script {name} is missing from the program");

        // A shell reads its script as it goes, so that of a running task is never written to.
        var temporary = path + ".new";
        using (var file = File.Create(temporary)) script.CopyTo(file);
        File.Move(temporary, path, overwrite: true);
        return path;
    }

    private static string FindSetSid() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/bin", "/bin"])
            .Where(directory => directory.StartsWith('/'))
            .Select(directory => Path.Combine(directory, "setsid"))
            .FirstOrDefault(File.Exists)
        ?? throw new AgentStartException("The program setsid (package util-linux) is not installed; the agent starts tasks with it.");
}

/// <summary>The agent cannot start; the message says why and what to do.</summary>
public sealed class AgentStartException : Exception
{
    /// <summary>For serialisers.</summary>
    public AgentStartException()
    {
    }

    /// <summary>Says why.</summary>
    public AgentStartException(string message) : base(message)
    {
    }

    /// <summary>Says why and what led there.</summary>
    public AgentStartException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
