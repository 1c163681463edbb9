using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Brings a task's artifacts into its sandbox before it starts. They belong to the agent until the driver hands the sandbox
/// over.</summary>
internal sealed class ArtifactFetcher(ArtifactDownload download, IOptions<AgentOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(options.Value.Artifacts.Concurrent);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (SemaphoreSlim Turn, int Users)> _sources = new(StringComparer.Ordinal);

    /// <summary>Fetches all of them, one after the other.</summary>
    /// <exception cref="TaskStartException">One cannot be had; the message begins with a stable code.</exception>
    public async Task Fetch(Attempt attempt, CancellationToken cancellationToken)
    {
        foreach (var artifact in attempt.Spec!.Artifacts) await Fetch(artifact, attempt.Directory.Sandbox, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private async Task Fetch(ArtifactSpec artifact, string sandbox, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = await OneAtATime(artifact, cancellationToken);
            await _turns.WaitAsync(cancellationToken);
            try
            {
                // Reading archives is work for the processor: it must not hold up the threads that answer others.
                await Task.Factory.StartNew(() => Place(artifact, file, sandbox, cancellationToken), cancellationToken,
                    TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (IOException e)
        {
            throw ArtifactFailure.Of(e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw ArtifactFailure.NotWritten(e.Message);
        }
    }

    private void Place(ArtifactSpec artifact, FileStream file, string sandbox, CancellationToken cancellationToken)
    {
        if (ArtifactRules.DestOf(artifact) is not { } dest || ArtifactRules.ModeOf(artifact) is not { } mode)
            throw ArtifactFailure.NotWritten("The task does not say where it goes.");
        if (artifact.Extract)
        {
            var settings = options.Value.Artifacts;
            var limits = new ArchiveLimits(
                ArtifactOptions.Bytes(settings.LargestExtracted), settings.MostEntries, settings.MostExpansion);
            Archive.Extract(file, sandbox, dest, limits, cancellationToken);
        }
        else
        {
            new SandboxTree(sandbox, ".", budget: null, cancellationToken).WriteFile(dest, file, mode);
        }
    }

    /// <summary>Whoever wants the same file as somebody else waits for that one, then finds it in the cache. When the first is cancelled
    /// the next begins anew.</summary>
    private async Task<FileStream> OneAtATime(ArtifactSpec artifact, CancellationToken cancellationToken)
    {
        var key = ArtifactRules.DigestOf(artifact) ?? artifact.Source;
        SemaphoreSlim turn;
        lock (_lock)
        {
            if (!_sources.TryGetValue(key, out var known)) known = (new(1), 0);
            _sources[key] = known with { Users = known.Users + 1 };
            turn = known.Turn;
        }

        try
        {
            await turn.WaitAsync(cancellationToken);
            try
            {
                await _turns.WaitAsync(cancellationToken);
                try
                {
                    return await download.Open(artifact, cancellationToken);
                }
                finally
                {
                    _turns.Release();
                }
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            lock (_lock)
            {
                var known = _sources[key];
                if (known.Users > 1) _sources[key] = known with { Users = known.Users - 1 };
                else _sources.Remove(key);
            }
        }
    }
}
