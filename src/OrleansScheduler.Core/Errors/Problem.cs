namespace OrleansScheduler.Core;

/// <summary>
/// Why a request was not done, in the classes that callers act on differently. The gateway maps each to one HTTP status, the CLI to one
/// exit code.
/// </summary>
public enum ProblemKind
{
    /// <summary>The request cannot be read. HTTP 400, exit 2.</summary>
    Malformed,

    /// <summary>The request can be read and breaks a rule. HTTP 422, exit 2.</summary>
    Invalid,

    /// <summary>The thing it names does not exist. HTTP 404, exit 3.</summary>
    NotFound,

    /// <summary>The thing is in a state in which this cannot be done. HTTP 409, exit 4.</summary>
    Conflict,

    /// <summary>The caller's idea of the version is out of date. HTTP 412, exit 4.</summary>
    Outdated,

    /// <summary>A cursor points before what is still kept. HTTP 410, exit 4.</summary>
    Expired,

    /// <summary>The body is larger than allowed. HTTP 413, exit 2.</summary>
    TooLarge,

    /// <summary>The body's media type is not one that is read here. HTTP 415, exit 2.</summary>
    UnsupportedMedia,

    /// <summary>A part that it needs is not there just now; nothing was done. HTTP 503, exit 5.</summary>
    Unavailable,

    /// <summary>It may or may not have been done: ask, or repeat it with the same operation id. HTTP 504, exit 5.</summary>
    OutcomeUnknown,

    /// <summary>The caller is over its own limit; nothing was done. HTTP 429, exit 5.</summary>
    TooMany,

    /// <summary>The cell does not allow it, whoever asks. HTTP 403, exit 4.</summary>
    NotAllowed,
}

/// <summary>An expected failure as a value: a stable code, a sentence for people, and the fields at fault.</summary>
/// <param name="Kind">What class of failure it is.</param>
/// <param name="Code">Stable, lower case with dashes, such as <c>job-not-found</c>.</param>
/// <param name="Message">One sentence: what is wrong and what would be right.</param>
/// <param name="Errors">The fields at fault; empty when the failure is not about fields.</param>
[GenerateSerializer, Immutable, Alias("osched.Problem")]
public sealed record Problem(
    [property: Id(0)] ProblemKind Kind, [property: Id(1)] string Code, [property: Id(2)] string Message,
        [property: Id(3)] ImmutableArray<FieldError> Errors)
{
    /// <summary>A failure that is not about fields.</summary>
    public static Problem Of(ProblemKind kind, string code, string message) => new(kind, code, message, []);

    /// <summary>There is no such job.</summary>
    public static Problem NoSuchJob(JobKey key) => Of(ProblemKind.NotFound, "job-not-found", $"There is no job {key} in this cell.");
}

/// <summary>One field that breaks a rule.</summary>
/// <param name="Code">Stable code of the rule, such as <c>below-minimum</c>.</param>
/// <param name="Path">The field, as <c>task.resources.cpu</c> or <c>constraints[0].rack</c>; empty for the document itself.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="Line">Line in the file, from 1; 0 when it is not known.</param>
/// <param name="Column">Column in the line, from 1; 0 when it is not known.</param>
/// <param name="Document">Which document of the file, from 0.</param>
[GenerateSerializer, Immutable, Alias("osched.FieldError")]
public sealed record FieldError(
    [property: Id(0)] string Code, [property: Id(1)] string Path, [property: Id(2)] string Message,
    [property: Id(3)] int Line, [property: Id(4)] int Column, [property: Id(5)] int Document);

/// <summary>Either a value or the reason why there is none.</summary>
/// <typeparam name="T">The value's type.</typeparam>
[GenerateSerializer, Immutable, Alias("osched.Answer`1")]
public sealed record Answer<T>
{
    /// <summary>The value; null exactly when <see cref="Problem"/> is not.</summary>
    [Id(0)] public T? Value { get; init; }

    /// <summary>Why there is no value.</summary>
    [Id(1)] public Problem? Problem { get; init; }

    /// <summary>A value is an answer.</summary>
    public static implicit operator Answer<T>(T value) => new() { Value = value };

    /// <summary>A problem is an answer.</summary>
    public static implicit operator Answer<T>(Problem problem) => new() { Problem = problem };
}

/// <summary>A rule of the system itself was broken. Stops the actor that found it; never an answer to bad input.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>Names the rule.</summary>
    public InvariantException(string message) : base(message)
    {
    }

    /// <summary>Names the rule and what led there.</summary>
    public InvariantException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public InvariantException()
    {
    }
}
