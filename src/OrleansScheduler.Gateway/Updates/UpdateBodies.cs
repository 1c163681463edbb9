using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>A command about an update.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record UpdateBody
{
    /// <summary>Longest message.</summary>
    private const int MaxMessage = 1000;

    /// <summary>Which update: the version that it goes to; left out for the one that is there.</summary>
    public int? Update { get; init; }

    /// <summary>Why, for people; at most 1,000 characters.</summary>
    public string? Message { get; init; }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public static Problem? Check(UpdateBody? body) => body switch
    {
        { Update: < 1 } => Refuse("below-minimum", "update", "An update is named by the version that it goes to, 2 or more."),
        { Message.Length: > MaxMessage } => Refuse("too-long", "message", $"A message has at most {MaxMessage} characters."),
        _ => null,
    };

    private static Problem Refuse(string code, string path, string message) =>
        new(ProblemKind.Invalid, code, message, [new FieldError(code, path, message, 0, 0, 0)]);
}

/// <summary>The version that a job is to go back to.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RollbackBody
{
    /// <summary>The version.</summary>
    public required int To { get; init; }
}

/// <summary>A job's updates, newest first.</summary>
/// <param name="Items">The updates, each with its story.</param>
internal sealed record UpdatesReply(ImmutableArray<UpdateView> Items);

/// <summary>A job's versions, newest first.</summary>
/// <param name="Items">The versions that are kept.</param>
internal sealed record VersionsReply(ImmutableArray<VersionView> Items);
