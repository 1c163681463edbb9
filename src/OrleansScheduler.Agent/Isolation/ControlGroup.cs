using System.Globalization;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>A control group of a task, of either version: what it uses, and whether it ran out of memory.</summary>
/// <param name="memory">Its directory of the controller memory.</param>
/// <param name="others">Finds its directory of another controller.</param>
/// <param name="isVersion2">Whether all controllers have one directory.</param>
internal sealed class ControlGroup(string memory, Func<string, string> others, bool isVersion2)
{
    private const string Mount = "/sys/fs/cgroup";
    private static readonly TimeSpan CounterPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether this machine has one hierarchy for all controllers.</summary>
    public static bool IsUnified { get; } = File.Exists(Path.Combine(Mount, "cgroup.controllers"));

    /// <summary>The group at a path of all hierarchies.</summary>
    public static ControlGroup At(string path)
    {
        path = path.TrimStart('/');
        return IsUnified
            ? new(Path.Combine(Mount, path), _ => Path.Combine(Mount, path), isVersion2: true)
            : new(Path.Combine(Mount, "memory", path), name => Path.Combine(Mount, name, path), isVersion2: false);
    }

    /// <summary>The group that a process is in; null when there is no such process.</summary>
    public static ControlGroup? Of(int pid)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/cgroup"))
            {
                if (line.Split(':', 3) is not [_, var controllers, var path]) continue;
                foreach (var controller in controllers.Split(',')) paths[controller] = path.TrimStart('/');
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (IsUnified) return paths.TryGetValue("", out var own) && own.Length > 0 ? At(own) : null;
        return paths.TryGetValue("memory", out var memory) && memory.Length > 0
            ? new(Path.Combine(Mount, "memory", memory), name => Path.Combine(Mount, name, paths.GetValueOrDefault(name, memory)),
                isVersion2: false)
            : null;
    }

    /// <summary>Whether the kernel has killed a process of it for want of memory; null when the group is gone.</summary>
    public bool? HasRunOutOfMemory() =>
        Field(Path.Combine(memory, isVersion2 ? "memory.events" : "memory.oom_control"), "oom_kill") is { } kills ? kills > 0 : null;

    /// <summary>Waits until it runs out of memory; completes with false when the group goes away before.</summary>
    public Task<bool> OutOfMemory(TimeProvider time, CancellationToken cancellationToken) =>
        isVersion2 ? Watched(cancellationToken) : Told(time, cancellationToken);

    /// <summary>What it uses; null when it is gone.</summary>
    public TaskUsage? Usage()
    {
        if (!Directory.Exists(memory)) return null;
        var stat = Path.Combine(memory, "memory.stat");
        if (isVersion2)
        {
            var (read, written) = Io2(Path.Combine(memory, "io.stat"));
            return new(
                TimeSpan.FromMicroseconds(Field(Path.Combine(memory, "cpu.stat"), "usage_usec") ?? 0),
                Math.Max(0, (Number(Path.Combine(memory, "memory.current")) ?? 0) - (Field(stat, "inactive_file") ?? 0)),
                Number(Path.Combine(memory, "memory.peak")) ?? 0,
                (int)(Number(Path.Combine(memory, "pids.current")) ?? 0), read, written);
        }

        var io = Path.Combine(others("blkio"), "blkio.throttle.io_service_bytes");
        return new(
            TimeSpan.FromMicroseconds((Number(Path.Combine(others("cpuacct"), "cpuacct.usage")) ?? 0) / 1000.0),
            Math.Max(0, (Number(Path.Combine(memory, "memory.usage_in_bytes")) ?? 0) - (Field(stat, "total_inactive_file") ?? 0)),
            Number(Path.Combine(memory, "memory.max_usage_in_bytes")) ?? 0,
            (int)(Number(Path.Combine(others("pids"), "pids.current")) ?? 0), Io1(io, "Read"), Io1(io, "Write"));
    }

    // The counter is asked once the kernel listens: what happened before is seen in it, what happens later is told. The end of the group is
    // told too, and then there is no counter any more, so an event after which the counter cannot be read says nothing.
    private async Task<bool> Told(TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            using var told = Posix.Event();
            if (told is null) return false;
            using var control = File.OpenHandle(Path.Combine(memory, "memory.oom_control"));
            File.WriteAllText(
                Path.Combine(memory, "cgroup.event_control"),
                $"{told.DangerousGetHandle().ToInt32()} {control.DangerousGetHandle().ToInt32()}");
            while (true)
            {
                if (HasRunOutOfMemory() is not false and var known) return known ?? false;
                await KernelEvents.Next(told, cancellationToken);
                if (!Directory.Exists(memory)) return false;

                // The event comes before the counter is raised.
                for (var look = 0; look < 20 && HasRunOutOfMemory() == false; look++) await Task.Delay(CounterPause, time,
                    cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task<bool> Watched(CancellationToken cancellationToken)
    {
        try
        {
            using var changed = new SemaphoreSlim(1);
            using var files = new FileSystemWatcher(memory, "memory.events") { NotifyFilter = NotifyFilters.LastWrite };
            files.Changed += (_, _) => changed.Release();
            files.EnableRaisingEvents = true;
            while (true)
            {
                if (HasRunOutOfMemory() is not false and var known) return known ?? false;
                await changed.WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Io1(string path, string what)
    {
        long sum = 0;
        foreach (var line in Lines(path))
        {
            if (line.Split(' ') is [_, var name, var amount] && name == what
                && long.TryParse(amount, CultureInfo.InvariantCulture, out var bytes))
                sum += bytes;
        }

        return sum;
    }

    private static (long Read, long Written) Io2(string path)
    {
        long read = 0, written = 0;
        foreach (var word in Lines(path).SelectMany(line => line.Split(' ')))
        {
            if (word.StartsWith("rbytes=", StringComparison.Ordinal)) read += long.Parse(word[7..], CultureInfo.InvariantCulture);
            if (word.StartsWith("wbytes=", StringComparison.Ordinal)) written += long.Parse(word[7..], CultureInfo.InvariantCulture);
        }

        return (read, written);
    }

    private static long? Field(string path, string name)
    {
        foreach (var line in Lines(path))
        {
            if (line.Split(' ') is [var found, var value] && found == name
                && long.TryParse(value, CultureInfo.InvariantCulture, out var number))
                return number;
        }

        return null;
    }

    private static long? Number(string path) =>
        Lines(path) is [var line, ..] && long.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Lines(string path)
    {
        Span<byte> buffer = stackalloc byte[8192];
        var length = Posix.ReadFile(path, buffer);
        return length <= 0 ? [] : Encoding.ASCII.GetString(buffer[..length]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
