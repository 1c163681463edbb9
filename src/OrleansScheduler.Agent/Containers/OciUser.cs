using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>The account that a container's program runs as.</summary>
/// <param name="Id">Number of the account.</param>
/// <param name="Group">Number of its group.</param>
/// <param name="OtherGroups">Numbers of its other groups.</param>
internal sealed record OciUser(uint Id, uint Group, ImmutableArray<uint> OtherGroups)
{
    private const int LargestFile = 1024 * 1024;

    /// <summary>Finds the account that a name or number, with a group behind a colon, means in an image.</summary>
    /// <exception cref="TaskStartException">The image has no such account.</exception>
    public static OciUser Of(string? text, string root)
    {
        if (text is null) return new(0, 0, []);
        var (name, groupName) = text.Split(':', 2) is [var user, var rest] ? (user, rest) : (text, null);
        var accounts = Entries(root, "passwd");
        var account = accounts.Find(entry => entry is [var found, _, var number, ..] && (found == name || number == name));
        if (account is not [_, _, var id, var group, ..] && !IsNumber(name))
            throw new TaskStartException($"The image has no account '{name}'.");
        var userId = Number(account is null ? name : account[2]);
        var groups = Entries(root, "group");
        if (groupName is null)
        {
            var own = account is null ? 0 : Number(account[3]);
            var others = groups.Where(entry => entry is [_, _, _, var members, ..] && account is not null
                && members.Split(',').Contains(account[0]))
                .Select(entry => Number(entry[2])).Where(number => number != own);
            return new(userId, own, [.. others]);
        }

        var named = groups.Find(entry => entry is [var found, _, _, ..] && found == groupName);
        if (named is null && !IsNumber(groupName)) throw new TaskStartException($"The image has no group '{groupName}'.");
        return new(userId, Number(named is null ? groupName : named[2]), []);
    }

    private static bool IsNumber(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static uint Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new TaskStartException($"The image's accounts cannot be read: '{text}' is no number.");

    // A link in an image may lead anywhere on the node, so none is followed.
    private static List<string[]> Entries(string root, string name)
    {
        var etc = Path.Combine(root, "etc");
        var path = Path.Combine(etc, name);
        if (new FileInfo(etc).LinkTarget is not null || new FileInfo(path) is not
            {
                Exists: true, LinkTarget: null,
                Length: <= LargestFile
            })
            return [];
        return [.. File.ReadLines(path).Select(line => line.Split(':')).Where(entry => entry.Length >= 4)];
    }
}
