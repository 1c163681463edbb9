using System.Buffers;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>All processes of the machine at one moment, and to which attempt each belongs.</summary>
/// <remarks>The sandbox names the attempt: two cells on one machine may both have an attempt of the same name.</remarks>
internal sealed class ProcessScan
{
    private const int LargestEnvironment = 256 * 1024;
    private readonly List<(ProcessStat Stat, string? Sandbox)> _processes = [];

    /// <summary>Looks at every process now.</summary>
    public static ProcessScan Now()
    {
        var scan = new ProcessScan();
        var buffer = ArrayPool<byte>.Shared.Rent(LargestEnvironment);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory.AsSpan()), out var pid) || ProcessStat.Of(pid) is not { } stat) continue;
            if (stat.IsLive) scan._processes.Add((stat, SandboxOf(pid, buffer)));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return scan;
    }

    /// <summary>The live processes of an attempt: those that carry its sandbox in their environment.</summary>
    public IEnumerable<ProcessStat> TreeOf(string sandbox) =>
        _processes.Where(process => process.Sandbox == sandbox).Select(process => process.Stat);

    private static string? SandboxOf(int pid, byte[] buffer)
    {
        var length = Posix.ReadFile($"/proc/{pid}/environ", buffer);
        if (length <= 0) return null;
        ReadOnlySpan<byte> environment = buffer.AsSpan(0, length);
        for (var at = 0; at < environment.Length;)
        {
            var end = environment[at..].IndexOf((byte)0);
            var variable = end < 0 ? environment[at..] : environment.Slice(at, end);
            if (variable.StartsWith("OSCHED_SANDBOX="u8)) return Encoding.UTF8.GetString(variable["OSCHED_SANDBOX=".Length..]);
            if (end < 0) break;
            at += end + 1;
        }

        return null;
    }
}
