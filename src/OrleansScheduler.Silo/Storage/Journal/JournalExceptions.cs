namespace OrleansScheduler.Silo;

/// <summary>
/// Somebody else owns the journal now, or nobody can tell whether a write was done. The owner drops its state and deactivates.
/// </summary>
[GenerateSerializer, Alias("osched.JournalLostException")]
internal sealed class JournalLostException : Exception
{
    /// <summary>Says how it was lost.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="mayBeWritten">Whether the entries may be found at the next recovery all the same.</param>
    /// <param name="innerException">What led there.</param>
    public JournalLostException(string message, bool mayBeWritten, Exception? innerException = null) : base(message, innerException) =>
        MayBeWritten = mayBeWritten;

    /// <summary>Says how it was lost.</summary>
    public JournalLostException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Says how it was lost.</summary>
    public JournalLostException(string message) : base(message)
    {
    }

    /// <summary>For serialisers.</summary>
    public JournalLostException()
    {
    }

    /// <summary>Whether the entries may be found at the next recovery all the same; false when they were certainly refused.</summary>
    [Id(0)] public bool MayBeWritten { get; init; }
}

/// <summary>A row of the journal is damaged or missing. Names the row; needs a person and a backup.</summary>
[GenerateSerializer, Alias("osched.JournalCorruptException")]
internal sealed class JournalCorruptException : Exception
{
    /// <summary>Names the row and what is wrong with it.</summary>
    public JournalCorruptException(GrainId owner, string row, string reason, Exception? innerException = null)
        : base($"Journal of {owner}: row {row} is damaged: {reason}", innerException) => Row = row;

    /// <summary>Says what is damaged.</summary>
    public JournalCorruptException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Says what is damaged.</summary>
    public JournalCorruptException(string message) : base(message)
    {
    }

    /// <summary>For serialisers.</summary>
    public JournalCorruptException()
    {
    }

    /// <summary>The damaged row's name.</summary>
    [Id(0)] public string Row { get; init; } = "";
}

/// <summary>The store did not answer, or refused, several times in a row. Nothing is known to be wrong with the journal.</summary>
[GenerateSerializer, Alias("osched.JournalUnavailableException")]
internal sealed class JournalUnavailableException : Exception
{
    /// <summary>Names the row that could not be read or written.</summary>
    public JournalUnavailableException(GrainId owner, string row, string what, Exception innerException)
        : base($"Journal of {owner}: row {row} could not be {what}: {innerException.Message}", innerException)
    {
    }

    /// <summary>Says what could not be done.</summary>
    public JournalUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Says what could not be done.</summary>
    public JournalUnavailableException(string message) : base(message)
    {
    }

    /// <summary>For serialisers.</summary>
    public JournalUnavailableException()
    {
    }
}

/// <summary>Too much waits for the store already. Nothing was written; the same append may be tried again later.</summary>
[GenerateSerializer, Alias("osched.JournalFullException")]
internal sealed class JournalFullException : Exception
{
    /// <summary>Says how much waits.</summary>
    public JournalFullException(string message) : base(message)
    {
    }

    /// <summary>Says how much waits.</summary>
    public JournalFullException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public JournalFullException()
    {
    }
}
