using System.Buffers;

namespace OrleansScheduler.Core;

/// <summary>The rules of a role's path, <c>a/b/c</c>: Mesos' rules, so that a framework's role is one of ours as it is.</summary>
public static class RolePath
{
    /// <summary>The role of frameworks that name none.</summary>
    public const string Default = "*";

    /// <summary>What a valid path looks like, in words for people.</summary>
    public const string Rule =
        "parts separated by '/', none of them empty, '.', '..', '*' or starting with '-', without blanks or control characters";

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\t\n\v\f\r \u007f");

    /// <summary>Whether a role may have this path.</summary>
    public static bool IsValid(string? path)
    {
        if (string.IsNullOrEmpty(path)) return false;
        if (path == Default) return true;
        foreach (var part in path.AsSpan().Split('/'))
        {
            if (!IsValidPart(path.AsSpan(part))) return false;
        }

        return true;
    }

    /// <summary>
    /// The path of a job's role. Such a role has no slash and a dot separates the levels: <c>eng.web</c> is <c>eng/web</c>. A role whose
    /// dots do not make a path (<c>a..b</c>) is one level with its dots. Different roles have different paths.
    /// </summary>
    public static string OfJobRole(string jobRole)
    {
        var path = jobRole.Replace('.', '/');
        if (IsValid(path)) return path;

        // No role of a job contains a tilde, so what is named here cannot meet another job's role.
        return IsValid(jobRole) ? jobRole : "~" + jobRole;
    }

    /// <summary>
    /// Stands between a role's path and an environment where only that environment of the role is meant, as in <c>shop:prod</c>; no role of
    /// a job contains it.
    /// </summary>
    public const char EnvironmentMark = ':';

    /// <summary>
    /// The paths whose production quotas a job counts against: its role and those above it, each as a whole and for its environment.
    /// </summary>
    public static IEnumerable<string> AboveAndIn(JobKey job)
    {
        var path = OfJobRole(job.Role);
        while (true)
        {
            yield return path;
            yield return $"{path}{EnvironmentMark}{job.Environment}";
            var slash = path.LastIndexOf('/');
            if (slash < 0) yield break;
            path = path[..slash];
        }
    }

    /// <summary>Whether <paramref name="path"/> is <paramref name="ancestor"/> or lies below it.</summary>
    public static bool IsSelfOrDescendant(string path, string ancestor) =>
        path.StartsWith(ancestor, StringComparison.Ordinal)
            && (path.Length == ancestor.Length || ancestor.Length == 0 || path[ancestor.Length] == '/');

    private static bool IsValidPart(ReadOnlySpan<char> part)
    {
        if (part is "" or "." or ".." or "*" || part[0] == '-') return false;
        return !part.ContainsAny(Forbidden);
    }
}
