using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>An image that is unpacked on this node.</summary>
/// <param name="Root">Its files.</param>
/// <param name="Config">How it is to be run.</param>
internal sealed record UnpackedImage(string Root, ImageConfig Config);

/// <summary>Unpacks images, each once, and keeps them by digest.</summary>
internal sealed partial class ImageCache(StateDirectory state, IOptions<AgentOptions> options, TimeProvider time,
    ILogger<ImageCache> logger)
{
    private readonly string _directory = Path.Combine(state.Root, "images");
    private readonly ConcurrentDictionary<string, Lazy<Task>> _underWay = new(StringComparer.Ordinal);

    /// <summary>The image of that name, unpacked.</summary>
    /// <param name="name">An image in an archive or layout.</param>
    /// <param name="user">The attempt's directory that uses it; the image stays for as long as the attempt is known.</param>
    /// <param name="cancellationToken">Ends the wait; the image is unpacked to its end for others.</param>
    /// <exception cref="TaskStartException">It cannot be had.</exception>
    public async Task<UnpackedImage> Get(ImageName name, AttemptDirectory user, CancellationToken cancellationToken)
    {
        using var archive = ImageArchive.Open(name);
        ImageConfig.CheckArchitecture(name.Text, archive.Config.Architecture);
        var key = archive.Digest["sha256:".Length..];
        var place = Path.Combine(_directory, key);

        // The note comes first, so that the image is not cleared away in between.
        await File.WriteAllTextAsync(NoteOf(user), key, cancellationToken);
        if (!Directory.Exists(place))
        {
            var unpacking = _underWay.GetOrAdd(key, _ => new(() => Task.Run(() => Unpack(name, place), CancellationToken.None)));
            try
            {
                await unpacking.Value.WaitAsync(cancellationToken);
            }
            finally
            {
                if (unpacking.Value.IsCompleted) _underWay.TryRemove(KeyValuePair.Create(key, unpacking));
            }
        }

        Directory.SetLastWriteTimeUtc(place, time.GetUtcNow().UtcDateTime);
        return new(Path.Combine(place, "root"), archive.Config);
    }

    /// <summary>Removes images that no attempt uses, the oldest first, until few enough are left.</summary>
    /// <param name="users">Attempts that have not ended.</param>
    public void Clean(IEnumerable<AttemptDirectory> users)
    {
        if (!Directory.Exists(_directory)) return;
        var used = users.Select(Note).OfType<string>().ToHashSet();
        var idle = Directory.EnumerateDirectories(_directory).Where(place => !used.Contains(Path.GetFileName(place)))
            .Where(place => !_underWay.ContainsKey(Path.GetFileNameWithoutExtension(place)))
            .OrderByDescending(Directory.GetLastWriteTimeUtc).ToList();
        foreach (var place in idle.Where(place => place.EndsWith(".new", StringComparison.Ordinal))
            .Concat(idle.Skip(options.Value.Container.ImagesKept)))
        {
            LogRemoved(place);
            Directory.Delete(place, recursive: true);
        }
    }

    private void Unpack(ImageName name, string place)
    {
        var temporary = place + ".new";
        try
        {
            // Another agent may have been stopped in the middle.
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            if (Directory.Exists(place)) return;
            Directory.CreateDirectory(_directory);
            Posix.ChangeMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var root = Directory.CreateDirectory(Path.Combine(temporary, "root")).FullName;
            using var archive = ImageArchive.Open(name);
            using var limit = new CancellationTokenSource(options.Value.Container.PullTimeout);
            var unpacker = new LayerUnpacker(root, Units.ParseMiB(options.Value.Container.MaxImageSize).Value << 20);
            foreach (var layer in archive.Layers) unpacker.Unpack(archive, layer, limit.Token);
            Directory.Move(temporary, place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException
            or FormatException or ArgumentException)
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            var why = e is OperationCanceledException ? "it took longer than Agent:Container:PullTimeout" : e.Message;
            throw new TaskStartException($"The image {name.Text} cannot be unpacked: {why}", e);
        }
    }

    private static string NoteOf(AttemptDirectory attempt) => Path.Combine(attempt.Root, "image");

    private static string? Note(AttemptDirectory attempt) => File.Exists(NoteOf(attempt)) ? File.ReadAllText(NoteOf(attempt)) : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Unpacked image {Image} is removed; no task uses it")]
    private partial void LogRemoved(string image);
}
