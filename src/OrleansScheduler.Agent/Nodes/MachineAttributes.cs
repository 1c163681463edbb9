using System.Runtime.InteropServices;

namespace OrleansScheduler.Agent;

/// <summary>What the machine is, as far as a job may want to choose by it.</summary>
internal static class MachineAttributes
{
    /// <summary>Features of processors for which programs are built, of all that there are.</summary>
    private static readonly string[] Features =
        ["aes", "amx_tile", "asimd", "avx", "avx2", "avx512f", "avx512_vnni", "bmi2", "fma", "neon", "sha_ni", "sse4_2", "sve", "sve2"];

    private const int LongestValue = 64;

    /// <summary>Looks at the machine; what it does not say is left out.</summary>
    /// <param name="root">Where <c>proc</c> and <c>etc</c> are.</param>
    public static IEnumerable<KeyValuePair<string, ImmutableArray<string>>> Detect(string root)
    {
        yield return new("os", ["linux"]);
        yield return new("arch", [RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()]);
        var kernel = Lines(root, "proc/sys/kernel/osrelease").FirstOrDefault();
        if (kernel is { Length: > 0 }) yield return new("kernel", [Short(kernel)]);
        var release = Pairs(Lines(root, "etc/os-release"), '=');
        if (release.GetValueOrDefault("ID") is { Length: > 0 } distro)
        {
            yield return new("distro", [Short(distro)]);
            if (release.GetValueOrDefault("VERSION_ID") is { Length: > 0 } version) yield return new("distro-version", [Short(version)]);
        }

        // The first processor stands for all: a machine that mixes them is chosen by its weakest, and says so in its settings.
        var processor = Pairs(Lines(root, "proc/cpuinfo").TakeWhile(line => line.Length > 0), ':');
        if (processor.GetValueOrDefault("model name") is { Length: > 0 } model) yield return new("cpu-model", [Short(model)]);
        var flags = (processor.GetValueOrDefault("flags") ?? processor.GetValueOrDefault("Features") ?? "").Split(' ');
        ImmutableArray<string> known = [.. Features.Intersect(flags, StringComparer.Ordinal)];
        if (!known.IsEmpty) yield return new("cpu-features", known);
    }

    private static Dictionary<string, string> Pairs(IEnumerable<string> lines, char separator) => lines
        .Select(line => line.Split(separator, 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2)
        .GroupBy(pair => pair[0], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First()[1].Trim('"'), StringComparer.Ordinal);

    private static string Short(string text) => text.Length <= LongestValue ? text.Trim() : text[..LongestValue].Trim();

    private static string[] Lines(string root, string path)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
