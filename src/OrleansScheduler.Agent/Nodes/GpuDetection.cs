using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>The GPUs of the machine: by its vendor's tool, else by the device files; or as many as the settings pretend.</summary>
/// <param name="Count">How many.</param>
/// <param name="Models">What they are, each once; empty when it is not known.</param>
internal readonly record struct GpuDetection(int Count, ImmutableArray<string> Models)
{
    /// <summary>Most that a node can have.</summary>
    public const int MostGpus = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Looks at the machine.</summary>
    /// <param name="root">Where <c>dev</c> is.</param>
    /// <param name="tool">The program that lists them, such as <c>nvidia-smi</c>.</param>
    public static GpuDetection Detect(string root, string tool)
    {
        var devices = Devices(Path.Combine(root, "dev"));
        if (devices == 0) return new(0, []);
        var listed = Ask(tool);
        return listed.Length == 0
            ? new(Math.Min(devices, MostGpus), [])
            : new(Math.Min(listed.Length, MostGpus), [.. listed.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>Reads what the tool prints: a model a line.</summary>
    public static ImmutableArray<string> Read(string output) =>
    [
        .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(MostGpus)
            .Select(line => line.Length <= 64 ? line : line[..64]),
    ];

    private static int Devices(string directory)
    {
        const string Prefix = "nvidia";
        try
        {
            return Directory.EnumerateFileSystemEntries(directory, Prefix + "*")
                .Select(path => Path.GetFileName(path)[Prefix.Length..])
                .Count(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static ImmutableArray<string> Ask(string tool)
    {
        var start = new ProcessStartInfo(tool, ["--query-gpu=name", "--format=csv,noheader"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            if (process.WaitForExit(Patience) && output.Wait(Patience)) return process.ExitCode == 0 ? Read(output.Result) : [];
            process.Kill();
            return [];
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            return [];   // not installed: the device files are all there is
        }
    }
}
