using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansScheduler.Agent.Tests;

/// <summary>An image of nothing but busybox, made without any registry or tool.</summary>
internal static class BusyboxImage
{
    private const string Program = "/bin/busybox";

    private static readonly string OwnArchitecture = RuntimeInformation.OSArchitecture == Architecture.X64
        ? "amd64"
        : RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();

    public static bool IsPossible => File.Exists(Program);

    /// <summary>Writes an archive in the form of OCI.</summary>
    /// <returns>The digest of its manifest.</returns>
    public static string Write(string path, string? architecture = null, params byte[][] more)
    {
        byte[][] layers = [Base(), .. more];
        return WriteLayers(path, architecture ?? OwnArchitecture, layers);
    }

    /// <summary>Writes an archive whose layers are compressed by somebody else.</summary>
    public static void Write(string path, Func<byte[], byte[]> compress, params byte[][] more) =>
        WriteLayers(path, OwnArchitecture, [Base(), .. more], compress: compress);

    /// <summary>Writes an archive as <c>docker save</c> does: layers not compressed, and one that is there twice as a link.</summary>
    /// <returns>The digest of its configuration.</returns>
    public static string WriteAsDocker(string path, params byte[][] more)
    {
        byte[][] layers = [Base(), .. more];
        var config = Configuration(OwnArchitecture, layers);
        using var tar = new TarWriter(File.Create(path));
        var names = new List<string>();
        foreach (var layer in layers)
        {
            var name = $"{names.Count}{Digest(layer)[7..]}/layer.tar";
            var before = names.Find(other => other.EndsWith(Digest(layer)[7..] + "/layer.tar", StringComparison.Ordinal));
            tar.WriteEntry(before is null
                ? new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(layer) }
                : LinkOf(name, "../" + before));
            names.Add(name);
        }

        var manifest = new[] { new { Config = Digest(config)[7..] + ".json", RepoTags = new[] { "localhost/bb:1" }, Layers = names } };
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, manifest[0].Config) { DataStream = new MemoryStream(config) });
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "manifest.json")
        {
            DataStream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest)),
        });
        return Digest(config);
    }

    public static string WriteLayers(
        string path, string architecture, byte[][] layers, bool damaged = false, Func<byte[], byte[]>? compress = null)
    {
        var blobs = new List<(string Digest, byte[] Content)>();
        var config = Add(Configuration(architecture, layers));
        var packed = layers.Select(layer => Add((compress ?? Compress)(layer))).ToList();
        if (damaged) blobs[1].Content[^9] ^= 1;
        var manifest = Add(JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            config = new { mediaType = "application/vnd.oci.image.config.v1+json", digest = config, size = 1 },
            layers = packed.Select(digest => new { mediaType = "application/vnd.oci.image.layer.v1.tar+gzip", digest, size = 1 }),
        }));
        using var tar = new TarWriter(File.Create(path));
        Entry("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray());
        Entry("index.json", JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            manifests =
            new[] { new { digest = manifest, size = 1 } }
        }));
        foreach (var (digest, content) in blobs) Entry("blobs/" + digest.Replace(':', '/'), content);
        return manifest;

        string Add(byte[] content)
        {
            blobs.Add((Digest(content), content));
            return blobs[^1].Digest;
        }

        void Entry(string name, byte[] content) =>
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
    }

    /// <summary>A layer of these entries.</summary>
    public static byte[] Layer(params TarEntry[] entries)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, leaveOpen: true))
        {
            foreach (var entry in entries) tar.WriteEntry(entry);
        }

        return stream.ToArray();
    }

    public static PaxTarEntry FileOf(string name, string content, UnixFileMode mode = (UnixFileMode)0x1A4) =>
        new(TarEntryType.RegularFile, name)
        {
            DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
            Mode = mode,
        };

    public static PaxTarEntry LinkOf(string name, string target, TarEntryType type = TarEntryType.SymbolicLink) =>
        new(type, name) { LinkName = target };

    public static PaxTarEntry DirectoryOf(string name, UnixFileMode mode = (UnixFileMode)0x1ED) =>
        new(TarEntryType.Directory, name) { Mode = mode };

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Configuration(string architecture, byte[][] layers) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        architecture,
        os = "linux",
        config = new
        {
            Env = new[] { "PATH=/bin", "FROM_IMAGE=yes" },
            Cmd = new[] { "/bin/sh", "-c", "echo image" },
            WorkingDir = "/srv",
        },
        rootfs = new { type = "layers", diff_ids = layers.Select(Digest).ToArray() },
    });

    private static byte[] Base()
    {
        using var list = Process.Start(new ProcessStartInfo(Program, "--list") { RedirectStandardOutput = true, UseShellExecute = false })!;
        var applets = list.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        list.WaitForExit();
        List<TarEntry> entries =
        [
            DirectoryOf("bin"), DirectoryOf("etc"), DirectoryOf("srv"), DirectoryOf("tmp", (UnixFileMode)0x3FF),
            FileOf("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:1234:1234::/:/bin/sh\n"),
            FileOf("etc/group", "root:x:0:\nweb:x:1234:\nextra:x:77:web\n"),
            new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox")
            {
                DataStream = new MemoryStream(File.ReadAllBytes(Program)),
                Mode = (UnixFileMode)0x1ED,
            },
            .. applets.Where(applet => applet != "busybox").Select(applet => LinkOf("bin/" + applet, "busybox")),
        ];
        return Layer([.. entries]);
    }

    private static byte[] Compress(byte[] content)
    {
        var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(content);
        return stream.ToArray();
    }
}
