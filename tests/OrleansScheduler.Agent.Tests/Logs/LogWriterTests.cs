using System.Text;

namespace OrleansScheduler.Agent.Tests;

/// <summary>How a supervisor keeps output.</summary>
public sealed class LogWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-logs-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Full_files_are_followed_by_the_next_and_the_oldest_go()
    {
        var writer = new LogWriter(_directory, "stdout", rotateSize: 10, keep: 2);
        for (var i = 0; i < 10; i++) Write(writer, $"line-{i}\n\n\n\n");
        writer.Close();
        Assert.Equal([70, 80, 90], LogSegments.StartsOf(_directory, "stdout"));
        Assert.Equal("line-7\n\n\n\n", File.ReadAllText(LogSegments.PathOf(_directory, "stdout", 70)));
    }

    [Fact]
    public void A_process_that_runs_again_goes_on_behind_its_first_output()
    {
        var first = new LogWriter(_directory, "stdout", rotateSize: 100, keep: 2);
        Write(first, "first ");
        first.Close();
        var second = new LogWriter(_directory, "stdout", rotateSize: 100, keep: 2);
        Write(second, "second");
        second.Close();
        Assert.Equal([0, 6], LogSegments.StartsOf(_directory, "stdout"));
    }

    [Fact]
    public void A_disk_that_takes_nothing_loses_output_and_says_how_much_once_it_does_again()
    {
        // Everything that is written to this device finds its disk full.
        var path = LogSegments.PathOf(_directory, "stdout", 0);
        var writer = new LogWriter(_directory, "stdout", rotateSize: 1000, keep: 2);
        File.CreateSymbolicLink(path, "/dev/full");
        Write(writer, "lost");
        Write(writer, " too");
        File.Delete(path);
        Write(writer, "kept");
        writer.Close();
        Assert.Equal("\n[8 bytes of output are missing here: the disk did not take them]\nkept", File.ReadAllText(path));
    }

    private static unsafe void Write(LogWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes) writer.Write(start, bytes.Length);
    }
}
