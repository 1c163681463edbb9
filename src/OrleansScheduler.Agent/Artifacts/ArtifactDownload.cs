using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Fetches files from their sources into the cache.</summary>
internal sealed partial class ArtifactDownload(
    ArtifactCache cache, IOptions<AgentOptions> options, TimeProvider time, ILogger<ArtifactDownload> logger) : IDisposable
{
    private const int BufferSize = 128 * 1024;
    private const int MostRedirects = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        MaxAutomaticRedirections = MostRedirects,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly ArtifactOptions _options = options.Value.Artifacts;

    /// <summary>The artifact, open for reading: out of the cache when that is known to be right, else from its source.</summary>
    /// <exception cref="TaskStartException">It cannot be had.</exception>
    public async Task<FileStream> Open(ArtifactSpec artifact, CancellationToken cancellationToken)
    {
        var expected = ArtifactRules.DigestOf(artifact);
        if (expected is not null && cache.Open(expected) is { } known) return known;
        var source = ArtifactRules.SourceOf(artifact) ?? throw ArtifactFailure.NotAllowed("The source is no http, https or file address.");
        if (source.IsFile)
        {
            using var file = OpenAllowed(source.LocalPath);
            return await Store(artifact, file, file.Length, expected, cancellationToken);
        }

        var name = ArtifactFailure.NameOf(artifact);
        for (var tries = 1; ; tries++)
        {
            var (fetched, reason) = await Try(artifact, source, expected, cancellationToken);
            if (fetched is not null) return fetched;
            if (tries >= _options.Tries)
                throw ArtifactFailure.Unreachable($"{name} was tried {tries} times: {reason}.");
            LogTriedAgain(name, reason!);
            await Task.Delay(FirstPause * Math.Pow(2, tries - 1), time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<(FileStream? Fetched, string? Reason)> Try(
        ArtifactSpec artifact, Uri source, string? expected, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await Get(artifact, source, expected, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, limit.IsCancellationRequested ? $"it took longer than {_options.Timeout}" : "it fell silent");
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            return (null, e.Message.TrimEnd('.'));
        }
    }

    private async Task<(FileStream? Fetched, string? Reason)> Get(
        ArtifactSpec artifact, Uri source, string? expected, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source);

        // A file whose digest is known need not be asked for by version: had it been here, it would have been taken.
        var before = expected is null ? cache.Recall(source) : null;
        using var held = before is null ? null : cache.Open(before.Digest);
        if (held is not null)
        {
            if (EntityTagHeaderValue.TryParse(before!.ETag, out var tag)) request.Headers.IfNoneMatch.Add(tag);
            request.Headers.IfModifiedSince = before.LastModified;
        }

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotModified && held is not null) return (cache.Open(before!.Digest), "it was given up");
        var name = ArtifactFailure.NameOf(artifact);
        var status = (int)response.StatusCode;
        switch (status)
        {
            case 404 or 410:
                throw ArtifactFailure.NotFound($"{name} answered {status}.");
            case 408 or 425 or 429 or >= 500:
                return (null, $"it answered {status}");
            case < 200 or >= 300:
                throw ArtifactFailure.Refused($"{name} answered {status}.");
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var fetched = await Store(artifact, body, response.Content.Headers.ContentLength, expected, cancellationToken);
        if (response.Headers.ETag is not null || response.Content.Headers.LastModified is not null)
            cache.Remember(source, new(Path.GetFileName(fetched.Name), response.Headers.ETag?.ToString(),
                response.Content.Headers.LastModified));
        return (fetched, null);
    }

    private async Task<FileStream> Store(
        ArtifactSpec artifact, Stream content, long? announced, string? expected, CancellationToken cancellationToken)
    {
        var largest = ArtifactOptions.Bytes(_options.LargestDownload);
        if (announced > largest) throw TooLarge(artifact);
        var file = cache.Begin();
        try
        {
            var digest = await Copy(artifact, content, file, largest, cancellationToken);
            if (expected is not null && digest != expected)
                throw ArtifactFailure.WrongChecksum(
                    $"{ArtifactFailure.NameOf(artifact)} has sha256:{digest}, expected was sha256:{expected}.");
            return cache.Keep(file, digest);
        }
        finally
        {
            ArtifactCache.Drop(file);
        }
    }

    private async Task<string> Copy(
        ArtifactSpec artifact, Stream content, FileStream file, long largest, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        for (var total = 0L; ;)
        {
            int read;
            using (var silence = new CancellationTokenSource(LongestSilence, time))
            using (var both = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken))
                read = await content.ReadAsync(buffer, both.Token);
            if (read == 0) return Convert.ToHexStringLower(hash.GetHashAndReset());
            total += read;
            if (total > largest) throw TooLarge(artifact);
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private TaskStartException TooLarge(ArtifactSpec artifact) => ArtifactFailure.TooLarge(
        $"{ArtifactFailure.NameOf(artifact)} is larger than {_options.LargestDownload} (Agent:Artifacts:LargestDownload).");

    // The directory is the node owner's word; that the file lies below it is the kernel's, whatever links there are.
    private FileStream OpenAllowed(string path)
    {
        foreach (var directory in _options.DirectoryList)
        {
            var below = directory.TrimEnd('/') + "/";
            if (!path.StartsWith(below, StringComparison.Ordinal)) continue;
            if (BeneathDirectory.OpenFile(directory, path[below.Length..]) is { Value: { } file }) return file;
            throw ArtifactFailure.NotFound($"There is no file {path} that may be read.");
        }

        throw ArtifactFailure.NotAllowed($"{path} is not below a directory of Agent:Artifacts:Directories.");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Artifact {Source} is tried again: {Reason}")]
    private partial void LogTriedAgain(string source, string reason);
}
