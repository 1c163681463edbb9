using System.Formats.Tar;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Layers over each other, and layers that mean harm.</summary>
public sealed class LayerUnpackerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-layers-").FullName;

    private string Root => Path.Combine(_directory, "root");

    private string Outside => Path.Combine(_directory, "outside");

    public LayerUnpackerTests()
    {
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "precious"), "kept");
    }

    public void Dispose()
    {
        Assert.Equal("kept", File.ReadAllText(Path.Combine(Outside, "precious")));
        Assert.Equal(["precious"], Directory.EnumerateFileSystemEntries(Outside).Select(Path.GetFileName));
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_later_layer_replaces_and_whiteouts_remove_what_is_below_but_not_what_comes_with_them()
    {
        Unpack(
            [
                BusyboxImage.DirectoryOf("a"), BusyboxImage.FileOf("a/old", "1"), BusyboxImage.FileOf("a/gone", "1"),
                    BusyboxImage.FileOf("x", "1"),
                BusyboxImage.DirectoryOf("b"), BusyboxImage.FileOf("b/old", "1"), BusyboxImage.DirectoryOf("c"),
                    BusyboxImage.FileOf("c/d", "1"),
            ],
            [
                BusyboxImage.FileOf("a/.wh.gone", ""), BusyboxImage.FileOf("a/old", "2"), BusyboxImage.FileOf("b/new", "2"),
                BusyboxImage.FileOf("b/.wh..wh..opq", ""), BusyboxImage.FileOf("c", "2"), BusyboxImage.FileOf(".wh.x", ""),
                BusyboxImage.FileOf(".wh..wh.plnk", ""),
            ]);

        Assert.Equal(["a", "a/old=2", "b", "b/new=2", "c=2"], Tree());
    }

    [Fact]
    public void Links_are_followed_as_a_process_in_the_container_would_follow_them()
    {
        Unpack(
            [BusyboxImage.DirectoryOf("usr/lib"), BusyboxImage.LinkOf("lib", "/usr/lib"), BusyboxImage.LinkOf("up", "../../../usr")],
            [BusyboxImage.FileOf("lib/a", "1"), BusyboxImage.FileOf("up/b", "2"),
                BusyboxImage.LinkOf("hard", "lib/a", TarEntryType.HardLink)]);

        Assert.Equal("1", File.ReadAllText(Path.Combine(Root, "usr/lib/a")));
        Assert.Equal("2", File.ReadAllText(Path.Combine(Root, "usr/b")));
        Assert.Equal("1", File.ReadAllText(Path.Combine(Root, "hard")));
    }

    [Fact]
    public void A_link_to_the_outside_leads_nowhere_outside()
    {
        Unpack([
            BusyboxImage.LinkOf("out", Outside), BusyboxImage.FileOf("out/precious", "lost"), BusyboxImage.FileOf("out/more", "lost"),
            BusyboxImage.FileOf("out/.wh.precious", ""), BusyboxImage.FileOf("out/.wh..wh..opq", ""),
        ]);

        Assert.True(File.Exists(Path.Combine(Root + Outside, "more")));
    }

    [Fact]
    public void A_file_behind_a_link_of_that_very_name_replaces_the_link_and_not_what_it_leads_to()
    {
        Unpack([BusyboxImage.LinkOf("file", Path.Combine(Outside, "precious")), BusyboxImage.FileOf("file", "new")]);

        Assert.Equal("new", File.ReadAllText(Path.Combine(Root, "file")));
    }

    [Theory]
    [InlineData("../outside/precious")]
    [InlineData("a/../../outside/precious")]
    [InlineData("a/..")]
    public void A_name_that_leads_out_is_refused(string name) =>
        Assert.Throws<InvalidDataException>(() => Unpack([BusyboxImage.DirectoryOf("a"), BusyboxImage.FileOf(name, "lost")]));

    [Fact]
    public void A_link_between_files_never_has_the_outside_at_an_end()
    {
        Assert.Throws<InvalidDataException>(() =>
            Unpack([BusyboxImage.LinkOf("mine", "../outside/precious", TarEntryType.HardLink)]));
        Assert.Throws<InvalidDataException>(() => Unpack([
            BusyboxImage.LinkOf("out", Outside), BusyboxImage.LinkOf("mine", "out/precious", TarEntryType.HardLink)]));
    }

    [Fact]
    public void Links_in_a_circle_and_a_file_on_the_way_are_refused()
    {
        Assert.Throws<InvalidDataException>(() =>
            Unpack([BusyboxImage.LinkOf("a", "b"), BusyboxImage.LinkOf("b", "a"), BusyboxImage.FileOf("a/x", "1")]));
        Assert.Throws<InvalidDataException>(() => Unpack([BusyboxImage.FileOf("f", "1"), BusyboxImage.FileOf("f/x", "1")]));
    }

    [Fact]
    public void An_image_that_is_larger_than_it_may_be_is_refused_before_it_is_written() =>
        Assert.Throws<InvalidDataException>(() => Unpack(1000,
            [BusyboxImage.FileOf("a", new string('x', 600)), BusyboxImage.FileOf("b", new string('x', 600))]));

    [Fact]
    public void Who_may_do_what_and_whose_it_is_comes_out_of_the_archive()
    {
        var file = BusyboxImage.FileOf("set", "1", (UnixFileMode)0x9ED);
        (file.Uid, file.Gid) = (123, 456);
        Unpack([file, BusyboxImage.DirectoryOf("tmp", (UnixFileMode)0x3FF)]);

        Assert.Equal((UnixFileMode)0x3FF, ModeOf("tmp"));
        Assert.Equal((UnixFileMode)0x9ED, ModeOf("set"));
    }

    private UnixFileMode ModeOf(string name) => new FileInfo(Path.Combine(Root, name)).UnixFileMode;

    private void Unpack(params TarEntry[][] layers) => Unpack(1 << 20, layers);

    private void Unpack(long mostBytes, params TarEntry[][] layers)
    {
        var archive = Path.Combine(_directory, "image.tar");
        BusyboxImage.WriteLayers(archive, ImageConfig.OwnArchitecture, [.. layers.Select(BusyboxImage.Layer)]);
        using var image = ImageArchive.Open(new ImageName("image", archive, null));
        var unpacker = new LayerUnpacker(Root, mostBytes);
        foreach (var layer in image.Layers) unpacker.Unpack(image, layer, default);
    }

    private IEnumerable<string> Tree() => Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path) + (File.Exists(path) ? "=" + File.ReadAllText(path) : ""))
        .Order(StringComparer.Ordinal);
}
