using System.Diagnostics;
using System.Net.Sockets;

namespace OrleansScheduler.Agent.Tests;

/// <summary>The API service of podman on a socket of its own, with storage of its own; one for all tests that need an engine.</summary>
/// <remarks>With <c>OSCHED_TEST_ENGINE</c> set to the socket of another engine, such as dockerd's, that one is used as it is.</remarks>
public sealed class PodmanService : IAsyncLifetime
{
    private static readonly string? Other = Environment.GetEnvironmentVariable("OSCHED_TEST_ENGINE");
    private Process? _service;

    /// <summary>Why tests with an engine cannot run on this machine; null when they can.</summary>
    public static string? Missing { get; } =
        Other is not null ? null
        : Environment.UserName != "root" ? "not run as root"
        : !File.Exists("/usr/bin/podman") || !File.Exists("/usr/sbin/runc") ? "podman or runc is not installed"
        : !BusyboxImage.IsPossible ? "busybox-static is not installed" : null;

    internal string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("osched-podman-").FullName;

    internal string Socket => Other ?? Path.Combine(Directory, "podman.sock");

    internal bool CanBeEnded => Other is null;

    /// <summary>The port of a registry that is spoken to without TLS, should a test start one.</summary>
    internal int RegistryPort { get; } = LoopbackPort.Free();

    /// <summary>An image in an archive.</summary>
    internal string Archive => Path.Combine(Directory, "busybox.tar");

    internal string ManifestDigest { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!BusyboxImage.IsPossible) return;
        ManifestDigest = BusyboxImage.Write(Archive);
        if (Missing is not null || Other is not null) return;
        await File.WriteAllTextAsync(Path.Combine(Directory, "containers.conf"), $"""
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            exit_command_delay = 10
            runtime = "runc"
            tmp_dir = "{Directory}/tmp"
            [network]
            network_backend = "netavark"
            network_config_dir = "{Directory}/networks"
            """);
        await File.WriteAllTextAsync(Path.Combine(Directory, "storage.conf"), $"""
            [storage]
            driver = "overlay"
            graphroot = "{Directory}/graph"
            runroot = "{Directory}/run"
            """);
        await File.WriteAllTextAsync(Path.Combine(Directory, "registries.conf"), $"""
            [[registry]]
            location = "127.0.0.1:{RegistryPort}"
            insecure = true
            """);
        await Start();
    }

    internal async Task Start()
    {
        _service = Process.Start(Podman("system", "service", "-t", "0", "unix://" + Socket))!;
        await Wait.Until(Listens, "podman's service listens");
    }

    internal async Task End()
    {
        _service!.Kill();
        await _service.WaitForExitAsync();
        _service.Dispose();
        _service = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is not null)
        {
            await Run("rm", "-af", "-t", "0");
            await End();
            await Run("network", "prune", "-f");
            await Run("system", "reset", "-f");
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private bool Listens()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A command of podman, on the same storage.</summary>
    internal async Task Run(params string[] arguments)
    {
        using var process = Process.Start(Podman(arguments))!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode == 0) return;
        TestContext.Current.SendDiagnosticMessage($"{string.Join(' ', arguments)}: {await output}{await errors}");
    }

    private ProcessStartInfo Podman(params string[] arguments) => new("/usr/bin/podman", arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment =
        {
            ["CONTAINERS_CONF"] = Path.Combine(Directory, "containers.conf"),
            ["CONTAINERS_REGISTRIES_CONF"] = Path.Combine(Directory, "registries.conf"),
            ["CONTAINERS_STORAGE_CONF"] = Path.Combine(Directory, "storage.conf"),
        },
    };
}

[CollectionDefinition(nameof(PodmanService))]
public sealed class PodmanServiceUsers : ICollectionFixture<PodmanService>;
