using System.Globalization;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>Accounts of this machine, read from where the system keeps them.</summary>
internal static class AccountFile
{
    /// <summary>The numbers of an account; null when there is none of this name or number.</summary>
    /// <param name="user">A name or a number.</param>
    /// <param name="root">Where <c>etc</c> is.</param>
    public static AccountSpec? Find(string user, string root = "/")
    {
        foreach (var fields in Read(root, "etc/passwd"))
        {
            if (fields is not [var name, _, var number, var primary, ..] || (name != user && number != user)) continue;
            if (Number(number) is not { } id || Number(primary) is not { } group) continue;
            var groups = Read(root, "etc/group")
                .Where(line => line is [_, _, _, var members] && members.Split(',').Contains(name, StringComparer.Ordinal))
                .Select(line => Number(line[2])).OfType<uint>();
            return new(id, group, [.. groups.Prepend(group).Distinct()]);
        }

        return Number(user) is { } bare ? new(bare, bare, []) : null;
    }

    private static IEnumerable<string[]> Read(string root, string file)
    {
        var path = Path.Combine(root, file);
        return File.Exists(path) ? File.ReadLines(path).Select(line => line.Split(':')) : [];
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
