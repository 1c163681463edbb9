using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <content>Where images come from, and in which forms.</content>
public abstract partial class ImageTaskTests
{
    [Fact]
    public async Task An_image_has_to_be_there_where_it_may_be_undamaged_for_this_machine_and_the_one_that_is_pinned()
    {
        var archives = Path.GetDirectoryName(Archive)!;
        var other = BusyboxImage.Write(Path.Combine(archives, "other.tar"), "m68k");
        BusyboxImage.WriteLayers(Path.Combine(archives, "damaged.tar"), ImageConfig.OwnArchitecture,
            [BusyboxImage.Layer(BusyboxImage.DirectoryOf("x"))], damaged: true);
        await File.WriteAllTextAsync(Path.Combine(Allowed, "elsewhere.tar"), "");
        (string Image, string Says)[] refused =
        [
            ($"oci-archive:{archives}/nothing.tar", "is not on this node"),
            ($"oci-archive:{Allowed}/elsewhere.tar", "Agent:Container:Images"),
            ($"oci-archive:{archives}/other.tar", "is for m68k"),
            ($"oci-archive:{archives}/damaged.tar", "is damaged"),
            ($"oci-archive:{Archive}@{other}", "it has no manifest"),
        ];

        var attempts = refused.Select(row => Node.Launch(Spec() with { Image = row.Image })).ToList();
        var pinned = Node.Launch(Shell("true") with { Image = $"oci-archive:{Archive}@{ManifestDigest}" });

        foreach (var (attempt, row) in attempts.Zip(refused))
        {
            var end = await Node.Gateway.End(attempt);
            Assert.Equal(Status.Failed, end.Status);
            Assert.True(end.Message.Contains(row.Says, StringComparison.Ordinal), $"{row.Says}: {end.Message}");
        }

        Assert.Equal(Status.Finished, (await Node.Gateway.End(pinned)).Status);
    }

    [Fact]
    public async Task Layers_may_be_compressed_with_zstd_and_damaged_ones_are_refused()
    {
        var more = BusyboxImage.Layer(BusyboxImage.FileOf("srv/more", "more\n"));
        var archives = Path.GetDirectoryName(Archive)!;
        var (good, bad) = (Path.Combine(archives, "zstd.tar"), Path.Combine(archives, "bad.tar"));
        BusyboxImage.Write(good, Zstd, more);
        BusyboxImage.Write(bad, layer => [.. Zstd(layer)[..^100], .. new byte[100]], BusyboxImage.Layer(BusyboxImage.FileOf("x", "1")));

        var attempt = Node.Launch(Shell("cat /srv/more") with { Image = $"oci-archive:{good}" });
        var damaged = Node.Launch(Shell("true") with { Image = $"oci-archive:{bad}" });

        Assert.Equal(Status.Finished, (await Node.Gateway.End(attempt)).Status);
        Assert.Equal("more\n", Node.Output(attempt));
        Assert.Equal(Status.Failed, (await Node.Gateway.End(damaged)).Status);

        static byte[] Zstd(byte[] content)
        {
            var stream = new MemoryStream();
            using (var zip = new SharpCompress.Compressors.ZStandard.CompressionStream(stream, 1, leaveOpen: true)) zip.Write(content);
            return stream.ToArray();
        }
    }

    [Fact]
    public async Task An_image_may_come_as_docker_and_podman_save_it_and_be_pinned_by_its_id()
    {
        var path = Path.Combine(Path.GetDirectoryName(Archive)!, "saved.tar");
        var layer = BusyboxImage.Layer(BusyboxImage.FileOf("srv/more", "more\n"));
        var id = BusyboxImage.WriteAsDocker(path, layer, layer);

        var plain = Node.Launch(Shell("cat more; echo $FROM_IMAGE") with { Image = $"docker-archive:{path}" });
        var pinned = Node.Launch(Shell("true") with { Image = $"docker-archive:{path}@{id}" });
        var other = Node.Launch(Shell("true") with { Image = $"docker-archive:{path}@sha256:{new string('0', 64)}" });

        Assert.Equal(Status.Finished, (await Node.Gateway.End(plain)).Status);
        Assert.Equal("more\nyes\n", Node.Output(plain));
        Assert.Equal(Status.Finished, (await Node.Gateway.End(pinned)).Status);
        Assert.Contains($"it is {id} and not", (await Node.Gateway.End(other)).Message, StringComparison.Ordinal);
    }
}
