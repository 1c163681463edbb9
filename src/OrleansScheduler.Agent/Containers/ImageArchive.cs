using System.Security.Cryptography;
using System.Text.Json;

namespace OrleansScheduler.Agent;

/// <summary>A layer of an image in an archive.</summary>
/// <param name="Name">The file that holds it.</param>
/// <param name="Digest">Digest of the file; null when only that of its unpacked form is known.</param>
/// <param name="Unpacked">Digest of its unpacked form.</param>
internal sealed record ImageLayer(string Name, string? Digest, string Unpacked);

/// <summary>An image in an archive or directory, in the form of OCI or in that of <c>docker save</c>.</summary>
internal sealed class ImageArchive : IDisposable
{
    private const int LargestDocument = 8 * 1024 * 1024;
    private const int MostLayers = 512;
    private const int DeepestIndex = 4;
    private readonly ImageFiles _files;

    private ImageArchive(ImageFiles files, string digest, byte[] configuration, ImmutableArray<(string Name, string? Digest)> layers)
    {
        (_files, Digest, Configuration) = (files, digest, configuration);
        Config = ImageConfig.Parse(configuration);
        if (Config.Layers.Length != layers.Length || layers.Length > MostLayers)
            throw new InvalidDataException($"it has {layers.Length} layers, and its configuration names {Config.Layers.Length}");
        Layers = [.. layers.Zip(Config.Layers, (layer, unpacked) => new ImageLayer(layer.Name, layer.Digest, unpacked))];
    }

    /// <summary>Digest of the configuration, which names the digests of all layers and so stands for the whole image.</summary>
    public string Digest { get; }

    /// <summary>The configuration as it lies in the archive.</summary>
    public byte[] Configuration { get; }

    /// <summary>The same, read.</summary>
    public ImageConfig Config { get; }

    /// <summary>Its layers, the lowest first.</summary>
    public ImmutableArray<ImageLayer> Layers { get; }

    /// <summary>Opens the image that a name means.</summary>
    /// <exception cref="TaskStartException">It is not there, damaged, or another one than it should be.</exception>
    public static ImageArchive Open(ImageName name)
    {
        ImageFiles? files = null;
        try
        {
            files = new ImageFiles(name.Path!);
            var archive = files.Open("index.json") is { } index
                ? OfOci(files, Read(index, expected: null), name.Digest)
                : files.Open("manifest.json") is { } manifest
                    ? OfDocker(files, Read(manifest, expected: null), name.Digest)
                    : throw new InvalidDataException("it has neither an index.json nor a manifest.json");
            files = null;
            return archive;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            throw new TaskStartException($"The image {name.Text} cannot be used: {e.Message}", e);
        }
        finally
        {
            files?.Dispose();
        }
    }

    /// <summary>The layer's file as it is. Its digest has to be checked by whoever reads it.</summary>
    /// <exception cref="InvalidDataException">It is not there.</exception>
    public Stream Open(ImageLayer layer) => _files.Open(layer.Name) ?? throw new InvalidDataException($"the layer {layer.Name} is missing");

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private static ImageArchive OfOci(ImageFiles files, byte[] index, string? pinned)
    {
        var manifest = Choose(files, index, pinned, pinned is null, DeepestIndex)
            ?? throw new InvalidDataException(pinned is null
                ? $"it has nothing for {ImageConfig.OwnArchitecture}"
                : $"it has no manifest {pinned}");
        using var document = JsonDocument.Parse(manifest);
        var config = DigestOf(ImageConfig.Member(document.RootElement, "config", JsonValueKind.Object));
        var layers = ImageConfig.Member(document.RootElement, "layers", JsonValueKind.Array)?.EnumerateArray()
            .Select(layer => DigestOf(layer))
            ?? throw new InvalidDataException("its manifest names no layers");
        return new(files, config, Blob(files, config), [.. layers.Select(digest => (NameOf(digest), (string?)digest))]);
    }

    /// <summary>The manifest of an index, and of the indexes in it, that is meant.</summary>
    private static byte[]? Choose(ImageFiles files, byte[] index, string? pinned, bool isMeant, int depth)
    {
        using var document = JsonDocument.Parse(index);
        if (ImageConfig.Member(document.RootElement, "manifests", JsonValueKind.Array) is not { } entries)
            throw new InvalidDataException("its index names no manifests");
        foreach (var entry in entries.EnumerateArray())
        {
            var digest = DigestOf(entry);
            var platform = ImageConfig.Member(entry, "platform", JsonValueKind.Object);
            var fits = (ImageConfig.Text(platform, "architecture") ?? ImageConfig.OwnArchitecture) == ImageConfig.OwnArchitecture
                && (ImageConfig.Text(platform, "os") ?? "linux") == "linux";
            var meant = isMeant || digest == pinned;
            if ((!fits && digest != pinned) || (!meant && depth == 0)) continue;
            var blob = Blob(files, digest);
            using var inner = JsonDocument.Parse(blob);
            if (ImageConfig.Member(inner.RootElement, "manifests", JsonValueKind.Array) is null)
            {
                if (meant) return blob;
            }
            else if (depth > 0 && Choose(files, blob, pinned, meant, depth - 1) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static ImageArchive OfDocker(ImageFiles files, byte[] manifest, string? pinned)
    {
        using var document = JsonDocument.Parse(manifest);
        if (document.RootElement is not { ValueKind: JsonValueKind.Array } images || images.GetArrayLength() != 1)
            throw new InvalidDataException("it has to hold exactly one image");
        var image = images[0];
        var name = ImageConfig.Text(image, "Config") ?? throw new InvalidDataException("its manifest names no configuration");
        var configuration = Read(files.Open(name) ?? throw new InvalidDataException($"its configuration {name} is missing"),
            expected: null);
        var digest = Sha256(configuration);
        if (pinned is not null && digest != pinned) throw new InvalidDataException($"it is {digest} and not {pinned}");
        return new(files, digest, configuration, [.. ImageConfig.Texts(image, "Layers").Select(layer => (layer, (string?)null))]);
    }

    private static byte[] Blob(ImageFiles files, string digest) =>
        Read(files.Open(NameOf(digest)) ?? throw new InvalidDataException($"{digest} is missing"), digest);

    private static byte[] Read(Stream stream, string? expected)
    {
        using (stream)
        {
            if (stream.Length > LargestDocument) throw new InvalidDataException("a document of it is too large");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            if (expected is not null && Sha256(bytes) != expected) throw new InvalidDataException($"{expected} is damaged");
            return bytes;
        }
    }

    private static string DigestOf(JsonElement? descriptor) =>
        ImageConfig.Text(descriptor, "digest") is { } digest && ImageName.IsDigest(digest)
            ? digest
            : throw new InvalidDataException("it names a part by something else than sha256");

    private static string NameOf(string digest) => "blobs/" + digest.Replace(':', '/');

    private static string Sha256(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
}
