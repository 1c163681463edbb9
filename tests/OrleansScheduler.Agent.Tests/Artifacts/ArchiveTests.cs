using System.Diagnostics;
using System.Formats.Tar;

namespace OrleansScheduler.Agent.Tests;

public sealed class ArchiveTests : IDisposable
{
    private static readonly ArchiveLimits Limits = new(1L << 30, 1000, 250);
    private readonly string _root = Directory.CreateTempSubdirectory("osched-archive-").FullName;

    private string Sandbox => Path.Combine(_root, "sandbox");

    public ArchiveTests() => Directory.CreateDirectory(Sandbox);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("a.tar", "tar -cf")]
    [InlineData("a.tar.gz", "tar -czf")]
    [InlineData("a.tar.xz", "tar -cJf")]
    [InlineData("a.tar.zst", "tar --zstd -cf")]
    [InlineData("a.zip", "zip -qry")]
    public void Every_kind_of_archive_comes_out_as_it_went_in(string name, string program)
    {
        Shell("mkdir -p in/bin in/data; cd in; printf 'echo hi' >bin/run; chmod 755 bin/run; seq 100000 >data/numbers; "
            + "ln -s ../bin/run data/link; ln data/numbers data/again; ln -s data here");
        Shell($"cd in; {program} ../{name} .");

        Extract(name);

        Shell("diff -r --no-dereference in sandbox");
        Assert.Equal("755", Convert.ToString((int)File.GetUnixFileMode(Path.Combine(Sandbox, "bin/run")), 8));
    }

    [Theory]
    [InlineData("/abs")]
    [InlineData("../up")]
    [InlineData("a/../../up")]
    [InlineData("")]
    public void A_name_that_leads_outside_is_refused(string name)
    {
        AssertRefused("artifact-", Tar(Plain("ok"), Plain(name.Length == 0 ? "a/.." : name)));
        AssertNothingOutside();
    }

    [Theory]
    [InlineData("l", "/etc")]
    [InlineData("l", "..")]
    [InlineData("a/l", "../..")]
    [InlineData("a/l", "b/../../..")]
    [InlineData("l", "a/../b")]
    public void A_link_that_may_point_outside_is_refused(string name, string target) =>
        AssertRefused("artifact-outside-sandbox: ", Tar(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target }));

    [Fact]
    public void Nothing_is_written_over_a_link()
    {
        AssertRefused("artifact-outside-sandbox: ",
            Tar(Folder("b"), new PaxTarEntry(TarEntryType.SymbolicLink, "a") { LinkName = "b" }, Plain("a/file")));
        Directory.CreateSymbolicLink(Path.Combine(Sandbox, "out"), _root);
        AssertRefused("artifact-outside-sandbox: ", Tar(Plain("out/file")));
        AssertNothingOutside();
    }

    [Fact]
    public void A_file_takes_the_place_of_a_link_and_leaves_what_that_pointed_to()
    {
        File.WriteAllText(Path.Combine(_root, "victim"), "safe");
        File.CreateSymbolicLink(Path.Combine(Sandbox, "x"), Path.Combine(_root, "victim"));

        Extract(Tar(Plain("x")));

        Assert.Equal("safe", File.ReadAllText(Path.Combine(_root, "victim")));
        Assert.Null(new FileInfo(Path.Combine(Sandbox, "x")).LinkTarget);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../victim")]
    [InlineData("nothing")]
    public void A_hard_link_to_what_is_not_in_the_archive_is_refused(string target) =>
        AssertRefused("artifact-outside-sandbox: ", Tar(new PaxTarEntry(TarEntryType.HardLink, "h") { LinkName = target }));

    [Theory]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    [InlineData(TarEntryType.Fifo)]
    public void Devices_and_pipes_are_refused(TarEntryType kind) =>
        AssertRefused("artifact-outside-sandbox: ", Tar(new PaxTarEntry(kind, "device")));

    [Fact]
    public void Rights_that_a_file_must_not_bring_are_dropped()
    {
        Extract(Tar(new PaxTarEntry(TarEntryType.RegularFile, "s") { Mode = (UnixFileMode)0xFFF }));

        Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(Path.Combine(Sandbox, "s")));
    }

    [Fact]
    public void A_directory_that_may_not_be_written_can_still_be_filled_and_removed()
    {
        Extract(Tar(new PaxTarEntry(TarEntryType.Directory, "d") { Mode = UnixFileMode.None }, Plain("d/file")));

        Assert.True(File.Exists(Path.Combine(Sandbox, "d/file")));
        Assert.True(File.GetUnixFileMode(Path.Combine(Sandbox, "d")).HasFlag(UnixFileMode.UserWrite));
    }

    [Theory]
    [InlineData("zip -q ../bomb x", "bomb.zip")]
    [InlineData("tar -czf ../bomb.tgz x", "bomb.tgz")]
    [InlineData("tar -cJf ../bomb.txz x", "bomb.txz")]
    [InlineData("tar --zstd -cf ../bomb.tzst x", "bomb.tzst")]
    public void An_archive_that_becomes_far_larger_is_stopped(string pack, string name)
    {
        Shell($"mkdir in; cd in; head -c 200000000 /dev/zero >x; {pack}");

        AssertRefused("artifact-bomb: ", Path.Combine(_root, name));

        Assert.InRange(new FileInfo(Path.Combine(Sandbox, "x")).Length, 1, ArchiveBudget.AnyExpansion + 1_000_000);
    }

    [Fact]
    public void An_archive_that_is_larger_than_allowed_is_stopped()
    {
        var archive = Tar(new PaxTarEntry(TarEntryType.RegularFile, "x") { DataStream = new MemoryStream(new byte[100_000]) });

        AssertRefused("artifact-bomb: ", archive, Limits with { Bytes = 50_000 });
    }

    [Fact]
    public void An_archive_with_too_many_entries_or_directories_is_stopped()
    {
        AssertRefused("artifact-bomb: ", Tar([.. Enumerable.Range(0, 1001).Select(number => Plain($"f{number}"))]));
        var deep = string.Concat(Enumerable.Repeat("d/", 400));
        AssertRefused("artifact-bomb: ", Tar([.. Enumerable.Range(0, 3).Select(number => Plain($"{number}/{deep}f"))]));
    }

    [Fact]
    public void Attributes_that_would_fill_the_memory_are_refused()
    {
        var header = new byte[1024];
        "name"u8.CopyTo(header);
        "77777777777"u8.CopyTo(header.AsSpan(124));
        header[156] = (byte)'x';
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Take(512).Sum(octet => octet);
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        var path = Path.Combine(_root, "attributes.tar");
        File.WriteAllBytes(path, header);

        AssertRefused("artifact-bomb: ", path);
    }

    [Fact]
    public void What_is_no_archive_is_said_to_be_none()
    {
        var random = new Random(7);
        foreach (var start in new byte[][] { [], [1, 2, 3], [0x1F, 0x8B], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], [0x28, 0xB5, 0x2F,
            0xFD], [0x50, 0x4B, 3, 4] })
        {
            var rest = new byte[2000];
            random.NextBytes(rest);
            var path = Path.Combine(_root, "broken");
            File.WriteAllBytes(path, [.. start, .. start.Length == 0 ? [] : rest]);
            AssertRefused("artifact-bad-archive: ", path);
        }
    }

    [Theory]
    [InlineData("tar -cf")]
    [InlineData("tar -czf")]
    [InlineData("tar -cJf")]
    [InlineData("tar --zstd -cf")]
    [InlineData("zip -qr")]
    public void A_damaged_archive_never_does_anything_but_fail(string pack)
    {
        Shell($"mkdir -p in/a; seq 2000 >in/a/numbers; ln -s a/numbers in/link; cd in; {pack} ../whole.zip .");
        var whole = File.ReadAllBytes(Path.Combine(_root, "whole.zip"));
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var damaged = whole[..random.Next(1, whole.Length + 1)];
            for (var hits = random.Next(4); hits > 0; hits--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var path = Path.Combine(_root, "damaged");
            File.WriteAllBytes(path, damaged);
            Directory.Delete(Sandbox, recursive: true);
            Directory.CreateDirectory(Sandbox);
            try
            {
                Extract(path);
            }
            catch (Exception e) when (e is TaskStartException or IOException)
            {
                // Refused; anything else would be a failure of the agent.
            }

            AssertNothingOutside("whole.zip", "damaged", "in");
        }
    }

    private static PaxTarEntry Plain(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("x"u8.ToArray()) };

    private static PaxTarEntry Folder(string name) => new(TarEntryType.Directory, name);

    private string Tar(params PaxTarEntry[] entries)
    {
        var path = Path.Combine(_root, "made.tar");
        using var file = File.Create(path);
        using var tar = new TarWriter(file);
        foreach (var entry in entries) tar.WriteEntry(entry);
        return path;
    }

    private void Extract(string archive, ArchiveLimits? limits = null)
    {
        using var file = File.OpenRead(Path.Combine(_root, archive));
        Archive.Extract(file, Sandbox, ".", limits ?? Limits, TestContext.Current.CancellationToken);
    }

    private void AssertRefused(string reason, string archive, ArchiveLimits? limits = null) =>
        Assert.StartsWith(reason, Assert.Throws<TaskStartException>(() => Extract(archive, limits)).Message, StringComparison.Ordinal);

    private void AssertNothingOutside(params string[] others) =>
        Assert.Empty(Directory.GetFileSystemEntries(_root).Select(Path.GetFileName).Except(["sandbox", "made.tar", .. others]));

    private void Shell(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { WorkingDirectory = _root })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
