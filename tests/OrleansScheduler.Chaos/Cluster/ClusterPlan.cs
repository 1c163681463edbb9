namespace OrleansScheduler.Chaos;

/// <summary>Where a cell keeps its state.</summary>
internal enum StoreKind
{
    /// <summary>PostgreSQL.</summary>
    Postgres,

    /// <summary>Redis, every write in its file before it is answered.</summary>
    Redis,
}

/// <summary>What a cell under test is made of.</summary>
internal sealed record ClusterPlan
{
    /// <summary>Where its state is kept.</summary>
    public StoreKind Store { get; init; } = StoreKind.Postgres;

    /// <summary>How many silos.</summary>
    public int Silos { get; init; } = 3;

    /// <summary>How many gateways.</summary>
    public int Gateways { get; init; } = 1;

    /// <summary>How many agents; each says that it has <see cref="CoresPerAgent"/>.</summary>
    public int Agents { get; init; } = 1;

    /// <summary>Cores that an agent says it has, whatever the machine has.</summary>
    public int CoresPerAgent { get; init; } = 32;

    /// <summary>Whether every process has a network namespace of its own, so that links can be cut. Needs root.</summary>
    public bool Namespaces { get; init; }

    /// <summary>Whether the processes log information too.</summary>
    public bool Verbose { get; init; }

    /// <summary>The build that all of it is started from.</summary>
    public string Executable { get; init; } = ClusterDriver.Osched;

    /// <summary>Directory for logs, sandboxes and witness files; null for a temporary one that is deleted at the end.</summary>
    public string? Directory { get; init; }

    /// <summary>Settings of all processes beside those that make them a cell, as environment variables.</summary>
    public ImmutableDictionary<string, string> Settings { get; init; } = ImmutableDictionary<string, string>.Empty;
}
