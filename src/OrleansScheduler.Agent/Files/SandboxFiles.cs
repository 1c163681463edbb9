using Google.Protobuf;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Shows what lies in sandboxes, to those whom the cell allows it, and notes who looked at what.</summary>
internal sealed partial class SandboxFiles(StateDirectory state, AttemptTable table, ILogger<SandboxFiles> logger)
{
    /// <summary>Most bytes of one piece.</summary>
    public const int LargestPiece = 256 * 1024;

    private const int MostEntries = 1000;

    /// <summary>Answers one question.</summary>
    public Protocol.FileData Read(Protocol.ReadFile request)
    {
        var answer = Answer(request);
        answer.Request = request.Request;
        return answer;
    }

    private Protocol.FileData Answer(Protocol.ReadFile request)
    {
        if (request.Attempt?.ToAttemptId() is not { } id)
            return Refusal(Problem.Of(ProblemKind.Malformed, "bad-attempt", "The question names no attempt."));
        if (request.Offset <= 0) LogLooked(request.Actor, id, request.List ? "the list of" : "the file", request.Path);
        var directory = new AttemptDirectory(state.Root, id);
        var sandbox = directory.Sandbox;
        if (table.Find(id) is null && !Directory.Exists(sandbox))
            return Refusal(Problem.Of(ProblemKind.NotFound, "sandbox-not-found",
                $"The sandbox of {id} is not on this node, or no longer."));
        if (request.Path.Contains('\0', StringComparison.Ordinal) || request.Path.Length > JobLimits.MaxTextLength)
            return Refusal(Problem.Of(ProblemKind.Invalid, "bad-path", "This is no path of a file."));
        try
        {
            return request.List ? List(sandbox, request.Path) : Piece(sandbox, request);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refusal(Problem.Of(ProblemKind.Unavailable, "file-unreadable", $"'{request.Path}' cannot be read: {e.Message}"));
        }
    }

    private static Protocol.FileData Piece(string sandbox, Protocol.ReadFile request)
    {
        var opened = BeneathDirectory.OpenFile(sandbox, request.Path);
        if (opened.Problem is { } problem) return Refusal(problem);
        using var file = opened.Value!;
        var length = file.Length;
        var offset = Math.Clamp(request.Offset, 0, length);
        var most = request.MaxBytes is > 0 and < LargestPiece ? request.MaxBytes : LargestPiece;
        var bytes = new byte[Math.Min(most, length - offset)];
        var read = RandomAccess.Read(file.SafeFileHandle, bytes, offset);
        return new() { Data = ByteString.CopyFrom(bytes, 0, read), Size = length };
    }

    private static Protocol.FileData List(string sandbox, string path)
    {
        var opened = BeneathDirectory.Open(sandbox, path);
        if (opened.Problem is { } problem) return Refusal(problem);
        using var directory = opened.Value!;
        var answer = new Protocol.FileData();
        var facts = FileFacts.Of(directory);
        if (facts is { IsDirectory: false } file)
        {
            answer.Entries.Add(Entry(path[(path.LastIndexOf('/') + 1)..], file));
            return answer;
        }

        // By the open directory's number, and not by a name that may mean something else by now.
        var names = Directory.EnumerateFileSystemEntries($"/proc/self/fd/{directory.DangerousGetHandle()}/").Take(MostEntries + 1)
            .Select(name => Path.GetFileName(name)).ToList();
        answer.Truncated = names.Count > MostEntries;
        foreach (var name in names.Take(MostEntries).Order(StringComparer.Ordinal))
        {
            if (FileFacts.Of(directory, name) is { } known) answer.Entries.Add(Entry(name, known));
        }

        return answer;
    }

    private static Protocol.FileEntry Entry(string name, FileFacts facts) => new()
    {
        Name = name,
        Kind = facts switch { { IsFile: true } => "file", { IsDirectory: true } => "directory", { IsLink: true } => "link", _ => "other" },
        Size = facts.Size,
        Mode = facts.Mode & 0xFFF,
        ModifiedUnixSeconds = facts.Modified.ToUnixTimeSeconds(),
    };

    private static Protocol.FileData Refusal(Problem problem) =>
        new() { ProblemKind = (int)problem.Kind, ProblemCode = problem.Code, ProblemMessage = problem.Message };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} reads of {Attempt} {What} '{Path}'")]
    private partial void LogLooked(string actor, AttemptId attempt, string what, string path);
}
