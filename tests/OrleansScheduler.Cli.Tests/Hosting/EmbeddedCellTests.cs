using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Cli.Tests;

public sealed class EmbeddedCellTests
{
    [Fact]
    public async Task A_second_cell_on_a_state_directory_is_refused()
    {
        var directory = Directory.CreateTempSubdirectory("osched-lock").FullName;
        var lockFile = Path.Combine(directory, EmbeddedCell.LockFile);
        await using (new FileStream(lockFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            var outcome = await CommandLine.RunAsync("dev", "--state", directory);
            Assert.Equal(4, outcome.Code);
            Assert.Contains($"Another cell runs on {directory}", outcome.Error);
            Assert.Contains("--state", outcome.Error);
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_port_that_is_taken_names_the_option_that_changes_it()
    {
        var directory = Directory.CreateTempSubdirectory("osched-port").FullName;
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var outcome = await CommandLine.RunAsync("dev", "--state", directory, "--port", $"{port}");
        Assert.Equal(4, outcome.Code);
        Assert.Contains($"Port {port} is taken", outcome.Error);
        Assert.Contains("--port", outcome.Error);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void The_state_directory_follows_the_environment()
    {
        static string Of(params (string Name, string Value)[] variables) => (Terminal.OfProcess() with
        {
            Variable = name => variables.Where(variable => variable.Name == name).Select(variable => variable.Value).FirstOrDefault(),
        }).StateDirectory;

        Assert.Equal("/here", Of(("OSCHED_HOME", "/here"), ("XDG_STATE_HOME", "/state"), ("HOME", "/home")));
        Assert.Equal("/state/osched", Of(("OSCHED_HOME", ""), ("XDG_STATE_HOME", "/state"), ("HOME", "/home")));
        Assert.Equal("/home/.local/state/osched", Of(("HOME", "/home")));
    }
}
