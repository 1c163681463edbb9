using System.Diagnostics.CodeAnalysis;

namespace OrleansScheduler.Core;

/// <summary>Roles as people and programs name them: like the role of a job, with <c>.</c> between its levels, or by their path.</summary>
public static class RoleText
{
    /// <summary>What a role looks like, in words for people.</summary>
    public const string Rule = "1 to 255 characters, '.' between its levels; " + RolePath.Rule;

    private const int MaxLength = 255;

    /// <summary>Reads the role of a job, <c>eng.web</c>, as its path <c>eng/web</c>; what cannot be one must be a path as it is.</summary>
    public static bool TryRead([NotNullWhen(true)] string? text, out string path)
    {
        var (role, environment) = text?.Split(RolePath.EnvironmentMark) is [var before, var after] && JobKey.IsValidPart(after)
            ? (before, $"{RolePath.EnvironmentMark}{after}")
            : (text, "");
        path = (JobKey.IsValidPart(role) ? RolePath.OfJobRole(role) : role ?? "") + environment;
        return path.Length <= MaxLength && RolePath.IsValid(path) && !path.Any(char.IsControl);
    }
}
