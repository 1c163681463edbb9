namespace OrleansScheduler.Chaos;

/// <summary>How a control plane came back. Times count from the moment at which the first silo says that it has started.</summary>
internal sealed record RestartReport
{
    /// <summary>What the cell was made of.</summary>
    public string Profile { get; init; } = "";

    /// <summary>Virtual nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Tasks that ran all the time.</summary>
    public required int Tasks { get; init; }

    /// <summary>From the first submit until the last of them ran.</summary>
    public required double FillSeconds { get; init; }

    /// <summary>Rows of all journals.</summary>
    public required long Rows { get; init; }

    /// <summary>What they contain.</summary>
    public required long Bytes { get; init; }

    /// <summary>Resident memory of the silos before anything was there.</summary>
    public required long MemoryEmpty { get; init; }

    /// <summary>The same with all nodes.</summary>
    public required long MemoryWithNodes { get; init; }

    /// <summary>The same with all tasks.</summary>
    public required long MemoryWithTasks { get; init; }

    /// <summary>The same after the restart.</summary>
    public required long MemoryAfter { get; init; }

    /// <summary>From SIGKILL until the first silo had started.</summary>
    public required double UpMs { get; init; }

    /// <summary>Until the ledger answers.</summary>
    public required double LedgerMs { get; init; }

    /// <summary>Until a new job is accepted.</summary>
    public required double AcceptedMs { get; init; }

    /// <summary>Until its task runs and the cell knows.</summary>
    public required double RunningMs { get; init; }

    /// <summary>Until all agents have registered again.</summary>
    public required double NodesMs { get; init; }

    /// <summary>Until every job answers that all its tasks run.</summary>
    public required double WholeMs { get; init; }

    /// <summary>Processor time of the control plane from its start until the new task ran.</summary>
    public required double CpuSecondsToRunning { get; init; }

    /// <summary>Processor time of the control plane from its start until all jobs had answered.</summary>
    public required double CpuSecondsToWhole { get; init; }

    /// <summary>How often a silo or gateway ended by itself meanwhile, and was started again.</summary>
    public required int Restarts { get; init; }

    /// <summary>Tasks that no node knows.</summary>
    public required long Lost { get; init; }

    /// <summary>Tasks that ran twice.</summary>
    public required long Duplicated { get; init; }

    /// <summary>The machine's load average before the kill and at the end.</summary>
    public required ImmutableArray<double> LoadAverages { get; init; }

    /// <summary>What one node adds to the silos' memory.</summary>
    public double BytesPerNode => Math.Round((MemoryWithNodes - MemoryEmpty) / (double)Nodes);

    /// <summary>What one task adds to the silos' memory.</summary>
    public double BytesPerTask => Math.Round((MemoryWithTasks - MemoryWithNodes) / (double)Tasks);

    /// <inheritdoc/>
    public override string ToString() => $"""
        {Profile}, {Nodes} nodes, {Tasks} tasks in {Rows} rows of {Bytes} bytes; load average {string.Join(", ", LoadAverages)}:
          first silo up   {UpMs:0} ms after the kill
          ledger answers  {LedgerMs:0} ms
          job accepted    {AcceptedMs:0} ms
          task runs       {RunningMs:0} ms, {CpuSecondsToRunning} s of cpu
          nodes back      {NodesMs:0} ms
          whole           {WholeMs:0} ms, {CpuSecondsToWhole} s of cpu, {Restarts} restarts
          lost            {Lost}, duplicated {Duplicated}
          memory          {MemoryEmpty >> 20} MiB empty, {MemoryWithNodes >> 20} with nodes, {MemoryWithTasks >> 20} with tasks,
                          {MemoryAfter >> 20} after the restart
        """;
}
