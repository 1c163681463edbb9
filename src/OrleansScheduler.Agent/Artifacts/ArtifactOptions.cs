namespace OrleansScheduler.Agent;

/// <summary>How files are brought into sandboxes: section <c>Agent:Artifacts</c>.</summary>
public sealed class ArtifactOptions
{
    /// <summary>Directories from which <c>file:</c> sources may come, with commas between. Default none: every such source is
    /// refused.</summary>
    public string Directories { get; set; } = "";

    /// <summary>How much of what was fetched is kept for later tasks, such as <c>4GiB</c>. Default 4GiB; 0MiB keeps nothing.</summary>
    public string CacheSize { get; set; } = "4GiB";

    /// <summary>Largest file that is fetched. Default 4GiB.</summary>
    public string LargestDownload { get; set; } = "4GiB";

    /// <summary>Most that one archive may become. Default 16GiB.</summary>
    public string LargestExtracted { get; set; } = "16GiB";

    /// <summary>Most files, directories and links of one archive. 1 to 10,000,000, default 200,000.</summary>
    public int MostEntries { get; set; } = 200_000;

    /// <summary>How many times its size an archive beyond 64 MiB may become. 1 to 100,000, default 250.</summary>
    public int MostExpansion { get; set; } = 250;

    /// <summary>How many artifacts are being fetched or unpacked at once. 1 to 64, default 4.</summary>
    public int Concurrent { get; set; } = 4;

    /// <summary>How long one try to fetch may take. 1 s to 1 day, default 10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a source is tried that does not answer or answers that it cannot now. 1 to 10, default 3.</summary>
    public int Tries { get; set; } = 3;

    internal void Check(Action<bool, string> check)
    {
        const string Name = $"{AgentOptions.Section}:Artifacts";
        check(
            DirectoryList.All(Path.IsPathFullyQualified),
            $"{Name}:Directories is '{Directories}'; it must be whole paths such as /srv/artifacts, with commas between.");
        foreach (var (key, size) in new[] { ("CacheSize", CacheSize), ("LargestDownload", LargestDownload), ("LargestExtracted",
            LargestExtracted) })
            check(Amount.MiB(size) is not null, $"{Name}:{key} is '{size}'; it must be a size such as 512MiB or 4GiB.");
        check(MostEntries is >= 1 and <= 10_000_000, $"{Name}:MostEntries is {MostEntries}; it must be between 1 and 10,000,000.");
        check(MostExpansion is >= 1 and <= 100_000, $"{Name}:MostExpansion is {MostExpansion}; it must be between 1 and 100,000.");
        check(Concurrent is >= 1 and <= 64, $"{Name}:Concurrent is {Concurrent}; it must be between 1 and 64.");
        check(
            Timeout >= TimeSpan.FromSeconds(1) && Timeout <= TimeSpan.FromDays(1), $"{Name}:Timeout must be between 1 second and 1 day.");
        check(Tries is >= 1 and <= 10, $"{Name}:Tries is {Tries}; it must be between 1 and 10.");
    }

    internal IEnumerable<string> DirectoryList =>
        Directories.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    internal static long Bytes(string size) => (Amount.MiB(size) ?? 0) * 1024 * 1024;
}
