using System.Globalization;

namespace OrleansScheduler.Shim;

/// <summary>All processes below one.</summary>
internal static class Descendants
{
    /// <summary>Ends each that is there now. Of those that it leaves, because they lost their parents meanwhile, a subreaper becomes the
    /// parent, so its next call finds them.</summary>
    /// <param name="process">The one above them.</param>
    public static void Kill(int process)
    {
        foreach (var child in ChildrenOf(process))
        {
            Kill(child);
            _ = Native.Kill(child, Native.SigKill);
        }
    }

    private static List<int> ChildrenOf(int process)
    {
        var children = new List<int>();
        try
        {
            foreach (var thread in Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task")))
            {
                foreach (var word in File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    children.Add(int.Parse(word, CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }

        return children;
    }
}
