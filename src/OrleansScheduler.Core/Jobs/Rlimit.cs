using System.Collections.Frozen;
using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>What the kernel limits of every process by itself (<c>setrlimit</c>), as job files name it.</summary>
public static class Rlimit
{
    /// <summary>The amount that is none.</summary>
    public const long Unlimited = -1;

    /// <summary>How <see cref="Unlimited"/> is written.</summary>
    public const string UnlimitedWord = "unlimited";

    /// <summary>The kernel's numbers by name (<c>RLIMIT_…</c>, the same on x64 and arm64). Sizes are bytes, times seconds.</summary>
    public static FrozenDictionary<string, int> Numbers { get; } = new Dictionary<string, int>
    {
        ["cpu"] = 0,
        ["fsize"] = 1,
        ["data"] = 2,
        ["stack"] = 3,
        ["core"] = 4,
        ["nproc"] = 6,
        ["nofile"] = 7,
        ["memlock"] = 8,
        ["as"] = 9,
        ["sigpending"] = 11,
        ["msgqueue"] = 12,
        ["nice"] = 13,
        ["rtprio"] = 14,
    }.ToFrozenDictionary();

    internal static Answer<long> Parse(string text)
    {
        if (text == UnlimitedWord) return Unlimited;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var amount)
            ? amount
            : Problem.Of(
                ProblemKind.Invalid, JobCode.TypeMismatch, $"{FieldWords.Show(text)} is neither a whole number nor {UnlimitedWord}.");
    }

    internal static string Show(long amount) => amount == Unlimited ? UnlimitedWord : amount.ToString(CultureInfo.InvariantCulture);

    internal static void Check(ImmutableSortedDictionary<string, long> limits, string root, JobFindings findings)
    {
        foreach (var (name, amount) in limits)
        {
            var path = JobFilePath.Join(root, name);
            if (!Numbers.ContainsKey(name))
                findings.Add(JobCode.UnknownValue, path,
                    $"{FieldWords.Show(name)} is not one of {string.Join(", ", Numbers.Keys.Order(StringComparer.Ordinal))}.");
            else if (amount < Unlimited)
                findings.Add(JobCode.BelowMinimum, path, $"This must be at least 0, or {UnlimitedWord}.");
        }
    }
}
