using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Files that were fetched, by their digest, and which digest a source had when it was last asked. What was not used for the
/// longest time goes first.</summary>
/// <remarks>Files are handed out open: one that is given up while somebody reads it stays readable.</remarks>
internal sealed partial class ArtifactCache
{
    private readonly string _blobs;
    private readonly string _sources;
    private readonly string _partial;
    private readonly long _limit;
    private readonly TimeProvider _time;
    private readonly ILogger<ArtifactCache> _logger;
    private readonly Lock _evicting = new();

    public ArtifactCache(StateDirectory state, IOptions<AgentOptions> options, TimeProvider time, ILogger<ArtifactCache> logger)
    {
        (_time, _logger, _limit) = (time, logger, ArtifactOptions.Bytes(options.Value.Artifacts.CacheSize));
        var root = Path.Combine(state.Root, "artifacts");
        (_blobs, _sources, _partial) = (Path.Combine(root, "files"), Path.Combine(root, "sources"), Path.Combine(root, "partial"));
        if (Directory.Exists(_partial)) Directory.Delete(_partial, recursive: true);
    }

    /// <summary>The file with a digest; null when it is not here.</summary>
    public FileStream? Open(string digest)
    {
        var path = Path.Combine(_blobs, digest);
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            File.SetLastWriteTimeUtc(file.SafeFileHandle, _time.GetUtcNow().UtcDateTime);
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What a source said last; null when nothing is known.</summary>
    public ArtifactSource? Recall(Uri source)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(source)), ArtifactJson.Default.ArtifactSource);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Remembers what a source said.</summary>
    public void Remember(Uri source, ArtifactSource said)
    {
        Directory.CreateDirectory(_sources);
        var path = PathOf(source);
        var temporary = $"{path}.{Guid.NewGuid():n}";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(said, ArtifactJson.Default.ArtifactSource));
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>A file of its own for something that is being fetched. It is gone when it is closed, unless it was kept.</summary>
    public FileStream Begin()
    {
        Directory.CreateDirectory(_partial);
        return new(Path.Combine(_partial, Guid.NewGuid().ToString("n")), FileMode.CreateNew, FileAccess.ReadWrite,
            FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
    }

    /// <summary>Keeps what was fetched, and gives it back open for reading.</summary>
    public FileStream Keep(FileStream fetched, string digest)
    {
        // A file under its digest is whole, also after a power failure.
        fetched.Flush(flushToDisk: true);
        Directory.CreateDirectory(_blobs);
        File.Move(fetched.Name, Path.Combine(_blobs, digest), overwrite: true);
        var kept = Open(digest) ?? throw new IOException("the cache of artifacts was emptied while it was used");
        Evict();
        return kept;
    }

    /// <summary>Removes a file that was begun and is not to be kept.</summary>
    public static void Drop(FileStream fetched)
    {
        fetched.Dispose();
        File.Delete(fetched.Name);
    }

    private void Evict()
    {
        lock (_evicting)
        {
            var files = new DirectoryInfo(_blobs).GetFiles().OrderBy(file => file.LastWriteTimeUtc).ToList();
            var total = files.Sum(file => file.Length);
            foreach (var file in files)
            {
                if (total <= _limit) break;
                file.Delete();
                total -= file.Length;
                LogEvicted(file.Name, file.Length);
            }

            if (!Directory.Exists(_sources)) return;
            foreach (var source in new DirectoryInfo(_sources).GetFiles().OrderByDescending(file =>
                file.LastWriteTimeUtc).Skip(MostSources))
                source.Delete();
        }
    }

    private const int MostSources = 10_000;

    // Addresses can hold secrets; their digests do not.
    private string PathOf(Uri source) =>
        Path.Combine(_sources, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source.AbsoluteUri))));

    [LoggerMessage(Level = LogLevel.Debug, Message = "Artifact {Digest} of {Bytes} bytes was given up for others")]
    private partial void LogEvicted(string digest, long bytes);
}

/// <summary>What a source said when it was last fetched from.</summary>
/// <param name="Digest">Digest of the file that it sent.</param>
/// <param name="ETag">Its name for the file's version.</param>
/// <param name="LastModified">When it said that the file was changed.</param>
internal sealed record ArtifactSource(string Digest, string? ETag, DateTimeOffset? LastModified);

[System.Text.Json.Serialization.JsonSerializable(typeof(ArtifactSource))]
internal sealed partial class ArtifactJson : System.Text.Json.Serialization.JsonSerializerContext;
