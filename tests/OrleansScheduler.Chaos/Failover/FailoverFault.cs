namespace OrleansScheduler.Chaos;

/// <summary>What is done to the silos.</summary>
internal enum FailoverFault
{
    /// <summary>SIGKILL of the silo that hosts the ledger.</summary>
    Kill,

    /// <summary>SIGSTOP of the silo that hosts the ledger; it goes on when the cell has recovered, and must end by itself.</summary>
    Pause,

    /// <summary>SIGTERM of the silo that hosts the ledger.</summary>
    Term,

    /// <summary>SIGKILL of that silo and of one more at once.</summary>
    KillTwo,

    /// <summary>SIGKILL of all silos; they are started again at once, and time counts from then.</summary>
    KillAll,
}
