namespace OrleansScheduler.EndToEnd.Tests;

public sealed class DemoTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_demonstration_comes_true_within_a_minute_and_leaves_nothing_behind()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["OSCHED_HOME"] = _directory.State };
        var (exitCode, output, error) = await Osched.Run($"demo --exit --port {LoopbackPort.Free()}", seconds: 60, environment);
        Assert.True(exitCode == 0, $"{output}\n{error}");
        Assert.Contains("203, run", output, StringComparison.Ordinal);

        // Every task carries the state directory in its environment.
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)), Belongs);
    }

    private bool Belongs(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "environ"))
                .Contains($"OSCHED_SANDBOX={_directory.State}", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;   // it has just ended, or is not ours
        }
    }
}
