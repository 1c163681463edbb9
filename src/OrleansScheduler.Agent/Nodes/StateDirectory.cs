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
        try
        {
            Directory.CreateDirectory(Root);
            Directory.CreateDirectory(AttemptDirectory.AllOf(Root));
            Directory.CreateDirectory(AttemptDirectory.ExitsOf(Root));
            Directory.CreateDirectory(Path.Combine(Root, "expired"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentStartException($"Agent:StateDirectory '{Root}' cannot be used: {e.Message}", e);
        }

        _lock = Take();
        AgentId = ReadAgentId();
    }

    /// <summary>The directory itself.</summary>
    public string Root { get; }

    /// <summary>Tells this directory's agent from any other, also one of the same node's name.</summary>
    public string AgentId { get; }

    /// <summary>Says that an attempt was ended with the lease.</summary>
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
