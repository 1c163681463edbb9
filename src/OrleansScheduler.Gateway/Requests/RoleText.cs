namespace OrleansScheduler.Gateway;

/// <summary>Roles in requests. Their levels are separated by <c>.</c>, as in a job file, since a slash would end a part of a URL.</summary>
internal static class RoleText
{
    /// <summary>What a role in a request looks like, in words for people.</summary>
    public const string Rule = "1 to 255 characters, '.' between its levels; " + RolePath.Rule;

    private const int MaxLength = 255;

    /// <summary>Reads the role of a job, <c>eng.web</c>, as its path <c>eng/web</c>; what cannot be one must be a path as it is.</summary>
    public static bool TryRead(string? text, out string path)
    {
        path = JobKey.IsValidPart(text) ? RolePath.OfJobRole(text) : text ?? "";
        return path.Length <= MaxLength && RolePath.IsValid(path) && !path.Any(char.IsControl);
    }
}
