using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Brings images to the engine: pulls what it does not have, and loads what lies in archives. Each once, whoever asks.</summary>
internal sealed class EngineImages(ContainerEngine engine, StateDirectory state, IOptions<AgentOptions> options)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _underWay = new(StringComparer.Ordinal);

    /// <summary>The name by which the engine has the image.</summary>
    /// <exception cref="TaskStartException">It cannot be had.</exception>
    public async Task<string> Get(ImageName name, CancellationToken cancellationToken)
    {
        var bringing = _underWay.GetOrAdd(name.Text, _ => new(() => Task.Run(() => Bring(name), CancellationToken.None)));
        try
        {
            return await bringing.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            if (bringing.Value.IsCompleted) _underWay.TryRemove(KeyValuePair.Create(name.Text, bringing));
        }
    }

    private async Task<string> Bring(ImageName name)
    {
        var patience = options.Value.Container.PullTimeout;
        try
        {
            if (name.Path is not null) return await Load(name, patience);
            var known = await engine.Image(name.Text, CancellationToken.None);
            if (known is null)
            {
                // Without a tag an engine would pull all there are.
                var isExact = name.Digest is not null || name.Text.LastIndexOf(':') > name.Text.LastIndexOf('/');
                await engine.Pull(isExact ? name.Text : name.Text + ":latest", patience, CancellationToken.None);
                known = await engine.Image(name.Text, CancellationToken.None)
                    ?? throw new EngineException(EngineFailure.Refused, "the engine says that it has pulled it and does not have it");
            }

            ImageConfig.CheckArchitecture(name.Text, known.Architecture ?? "");
            return name.Text;
        }
        catch (EngineException e)
        {
            throw new TaskStartException($"The image {name.Text} cannot be had: {e.Message}", e);
        }
    }

    private async Task<string> Load(ImageName name, TimeSpan patience)
    {
        using var image = ImageArchive.Open(name);
        ImageConfig.CheckArchitecture(name.Text, image.Config.Architecture);
        var own = $"localhost/osched:{image.Digest["sha256:".Length..]}";
        if (await engine.Image(own, CancellationToken.None) is not null) return own;

        // In the one form that all engines take, under a name that says what is in it.
        var path = Path.Combine(state.Root, $"image.{Guid.NewGuid():n}");
        try
        {
            await using var archive = new FileStream(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
            await Write(image, own, archive);
            archive.Position = 0;
            await engine.Load(archive, patience, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new TaskStartException($"The image {name.Text} cannot be loaded: {e.Message}", e);
        }

        return await engine.Image(own, CancellationToken.None) is not null
            ? own
            : throw new EngineException(EngineFailure.Refused, "the engine says that it has loaded it and does not have it");
    }

    private static async Task Write(ImageArchive image, string name, Stream archive)
    {
        await using var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
        var configuration = image.Digest["sha256:".Length..] + ".json";
        var layers = image.Layers.Select((layer, index) => $"{index}-{layer.Unpacked["sha256:".Length..]}.tar").ToList();
        await Add(configuration, new MemoryStream(image.Configuration));
        foreach (var (layer, file) in image.Layers.Zip(layers))
        {
            // Not every engine looks.
            if (layer.Digest is { } digest)
            {
                using var check = new DigestStream(image.Open(layer));
                check.Finish(digest);
            }

            await using var content = image.Open(layer);
            await Add(file, content);
        }

        var manifest = JsonSerializer.SerializeToUtf8Bytes(new[] { new { Config = configuration, RepoTags = new[] { name }, Layers =
            layers } });
        await Add("manifest.json", new MemoryStream(manifest));

        Task Add(string entry, Stream content) =>
            tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, entry) { DataStream = content });
    }
}
