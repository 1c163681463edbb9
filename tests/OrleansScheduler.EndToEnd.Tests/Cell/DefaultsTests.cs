using System.Diagnostics;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>Roles that nobody configures. In a network of their own, since default ports are the machine's.</summary>
public sealed class DefaultsTests : IDisposable
{
    private const string Script = """
        ip link set lo up
        "$0" silo >silo.log 2>&1 &
        "$0" gateway >gateway.log 2>&1 &
        for attempt in $(seq 60); do
          if "$0" cell status -o json >status.json 2>status.err; then ss -Hltn >listening; exit 0; fi
          sleep 1
        done
        cat status.err silo.log gateway.log >&2
        exit 1
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_silo_and_a_gateway_find_each_other_and_listen_nowhere_but_on_loopback()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can make network namespaces");
        var start = new ProcessStartInfo("unshare")
        {
            WorkingDirectory = _directory.Path,
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment = { ["OSCHED_HOME"] = _directory.State },
        };

        // A process that ends takes what it has started along, in a namespace of which it is the first.
        foreach (var argument in (string[])["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Script, Osched.Path])
            start.ArgumentList.Add(argument);
        using var script = Process.Start(start)!;
        var error = await script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(script.ExitCode == 0, error);
        var listening = File.ReadAllLines(Path.Combine(_directory.Path, "listening"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]).ToList();
        Assert.NotEmpty(listening);
        Assert.All(listening, address => Assert.Matches(@"^(127\.0\.0\.1|\[::1\]):", address));
    }
}
