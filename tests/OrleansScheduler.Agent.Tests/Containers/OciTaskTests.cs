namespace OrleansScheduler.Agent.Tests;

/// <summary>Containers under the agent's own supervisor, with runc.</summary>
/// <remarks>With <c>OSCHED_TEST_RUNTIME</c> set to the path of another runtime, such as crun, with that one.</remarks>
public sealed class OciTaskTests : ImageTaskTests
{
    private static readonly string? Other = Environment.GetEnvironmentVariable("OSCHED_TEST_RUNTIME");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-images-").FullName;
    private string _digest = "";

    private protected override string Driver => TaskDrivers.Oci;

    private protected override string? Missing =>
        Environment.UserName != "root" ? "not run as root"
        : Other is null && !File.Exists("/usr/sbin/runc") ? "runc is not installed"
        : !BusyboxImage.IsPossible ? "busybox-static is not installed" : null;

    // crun 1.8 gives it the size that it has at the start for good.
    private protected override bool FollowsSize => Other is null;

    private protected override string Archive => Path.Combine(_directory, "busybox.tar");

    private protected override string ManifestDigest => _digest;

    private protected override (string Key, string Value)[] Settings =>
    [
        ("Agent:Container:Socket", "none"),
        .. Other is { } program ? [("Agent:Container:Runtime", program)] : Array.Empty<(string, string)>(),
    ];

    public override async ValueTask InitializeAsync()
    {
        if (Missing is null) _digest = BusyboxImage.Write(Archive);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private protected override Task<string[]> Leftovers(string prefix)
    {
        var groups = Directory.EnumerateDirectories("/sys/fs/cgroup", prefix + "*").Concat(
            Directory.EnumerateDirectories("/sys/fs/cgroup").SelectMany(controller => Directory.EnumerateDirectories(controller, prefix
                + "*")));
        var known = Path.Combine(Node.State, "containers");
        return Task.FromResult<string[]>([.. groups, .. Directory.Exists(known) ? Directory.EnumerateFileSystemEntries(known) : []]);
    }
}
