using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Where the embedded store keeps grain state, and its bounds.</summary>
internal sealed class SqliteStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>The database file. Its directory is created when it does not exist. Required.</summary>
    public string DataSource { get; set; } = "";

    /// <summary>Turns state into bytes. Default: what the container has under the provider's name, else its default.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

    /// <summary>How long a write waits while another process holds the file. Default 5 s.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many writes may wait for the writer; callers beyond that wait to be let in. Default 4,096.</summary>
    public int MaxWaitingWrites { get; set; } = 4096;

    /// <summary>How many writes go into one transaction at most. Default 1,024.</summary>
    public int MaxWritesPerTransaction { get; set; } = 1024;

    /// <summary>After how many new pages of 4 KiB the log is copied into the database, beside the writer. Default 1,000.</summary>
    public int CheckpointPages { get; set; } = 1000;

    /// <summary>At how many pages of the log the writer waits for that, so that the log begins anew. Default 16,000 (64 MiB).</summary>
    public int MaxLogPages { get; set; } = 16_000;

    /// <summary>How many reads run at once, each on a connection of its own. Default 4.</summary>
    public int MaxReaders { get; set; } = 4;

    /// <summary>Largest state in bytes that is accepted. Default 64 MiB.</summary>
    public int MaxPayloadBytes { get; set; } = 64 * 1024 * 1024;
}
