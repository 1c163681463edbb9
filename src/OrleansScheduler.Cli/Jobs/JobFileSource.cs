namespace OrleansScheduler.Cli;

/// <summary>Reads a job file from disk, or from standard input for <c>-</c>.</summary>
internal static class JobFileSource
{
    /// <summary>What an error calls standard input.</summary>
    public const string StandardInput = "stdin";

    /// <summary>The name that errors carry.</summary>
    public static string NameOf(string path) => path == "-" ? StandardInput : path;

    /// <summary>The file as it is sent; it is cut off just above the size that is allowed.</summary>
    public static async Task<Answer<JobFileBody>> ReadAsync(
        string path, ImmutableArray<(string Name, string Value)> parameters, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = path == "-"
                ? null
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
            var content = new byte[JobLimits.MaxFileBytes + 1];
            var length = await (file ?? terminal.Input).ReadAtLeastAsync(
                content, content.Length, throwOnEndOfStream: false, cancellationToken);
            if (length > JobLimits.MaxFileBytes)
            {
                return Problem.Of(
                    ProblemKind.TooLarge, "file-too-large", $"{NameOf(path)} is larger than {JobLimits.MaxFileBytes / 1024 / 1024} MiB.");
            }

            var body = JobFileBody.Of(path, content.AsMemory(0, length)) with
            {
                Parameters = parameters.Reverse().DistinctBy(parameter => parameter.Name)
                    .ToImmutableSortedDictionary(parameter => parameter.Name, parameter => parameter.Value, StringComparer.Ordinal),
            };
            return path == "-" && LooksLikeJson(body.Content.Span) ? body with { MediaType = "application/json" } : body;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Problem.Of(ProblemKind.Malformed, "no-such-file", $"There is no file {path}.");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Problem.Of(ProblemKind.Malformed, "unreadable-file", $"{path} cannot be read: {e.Message}");
        }
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> content)
    {
        var start = content.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && content[start] == '{';
    }
}
