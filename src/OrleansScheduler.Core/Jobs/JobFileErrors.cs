namespace OrleansScheduler.Core;

/// <summary>Collects what is wrong with a job file, document by document, up to <see cref="JobLimits.MaxErrors"/>.</summary>
internal sealed class JobFileErrors
{
    /// <summary>When the first of a pair could not be read, what a rule says about the second would only confuse.</summary>
    private static readonly (string Path, string DependsOn)[] Dependencies =
    [
        ("schedule", "type"),
        ("sla", "type"),
        ("sla.count", "instances"),
        ("retry.max-failures", "type"),
        ("task.resources.cpu", "instances"),
        ("task.resources.memory", "instances"),
        ("task.resources.disk", "instances"),
        ("task.resources.gpus", "instances"),
        ("task.resources.custom", "instances"),
        ("task.templates", "task.resources.ports"),
        ("scale.target.metric", "scale.target.cpu"),
        ("time-limit", "type"),
        ("min-successes", "type"),
        ("min-successes", "instances"),
        ("retry.max-failed-instances", "type"),
        ("after", "type"),
        ("scale", "type"),
        ("instances", "scale"),
        ("constraints", "role"),
        ("task.health", "task.resources"),
        ("task.kill.graceful-shutdown", "task.resources"),
        ("task.container", "task.resources"),
        ("task.container", "task.driver"),
        ("task.image", "task.driver"),
        ("task.container", "task.health"),
        ("task.kill.shutdown", "task.resources"),
        ("task.command", "task.resources.ports"),
        ("task.env", "task.resources.ports"),
    ];

    private readonly List<FieldError> _errors = [];

    /// <summary>Which document is being read, from 0.</summary>
    public int Document { get; set; }

    public bool IsEmpty => _errors.Count == 0;

    public bool IsFull => _errors.Count > JobLimits.MaxErrors;

    public FieldError First => _errors[0];

    public void Add(string code, string path, string message, FilePosition at = default)
    {
        if (IsFull) return;
        _errors.Add(_errors.Count < JobLimits.MaxErrors
            ? new(code, path, message, at.Line, at.Column, Document)
            : new(JobCode.TooManyErrors, "", $"There are more errors; the first {JobLimits.MaxErrors} are listed.", 0, 0, Document));
    }

    public void Add(string code, JobFilePath path, string message, FilePosition at)
    {
        if (!IsFull) Add(code, path.ToString(), message, at);
    }

    public void AddControl(char control, JobFilePath path, FilePosition at) =>
        Add(JobCode.ControlCharacter, path, $"The control character U+{(int)control:X4} is not allowed.", at);

    /// <summary>Complains about characters that no text may hold, however they were written.</summary>
    public void CheckText(string text, JobFilePath path, FilePosition at)
    {
        var control = FieldWords.IndexOfControl(text);
        if (control >= 0) AddControl(text[control], path, at);
        if (!FieldWords.IsWellFormed(text)) Add(JobCode.InvalidUtf8, path, "Half of a surrogate pair is not a character.", at);
    }

    /// <summary>Adds what the rules say about the document, where reading it has not complained about the same thing already.</summary>
    public void AddRules(IEnumerable<FieldError> findings, JobFileNode root)
    {
        var told = _errors.Where(error => error.Document == Document).Select(error => error.Path).ToList();
        foreach (var finding in findings)
        {
            if (!told.Exists(path => IsAbout(path, finding.Path)))
                Add(finding.Code, finding.Path, finding.Message, root.Locate(finding.Path));
        }
    }

    /// <summary>All of it as one problem. Its code is the errors' when they have the same, else a summary.</summary>
    public Problem ToProblem()
    {
        var malformed = _errors.Exists(error => JobCode.IsMalformed(error.Code));
        var tooLarge = _errors.Exists(error => error.Code == JobCode.FileTooLarge);
        var kind = tooLarge ? ProblemKind.TooLarge : malformed ? ProblemKind.Malformed : ProblemKind.Invalid;
        var summary = malformed ? "job-file-malformed" : "job-file-invalid";
        var code = _errors.TrueForAll(error => error.Code == First.Code) ? First.Code : summary;
        var message = _errors.Count == 1
            ? First.Message
            : $"The job file has {(IsFull ? "more than " : "")}{Math.Min(_errors.Count, JobLimits.MaxErrors)} errors.";
        return new(kind, code, message, [.. _errors.OrderBy(error => (error.Document, error.Line, error.Column))]);
    }

    private static bool IsAbout(string told, string finding) =>
        IsWithin(told, finding) || IsWithin(finding, told)
        || Dependencies.Any(pair => IsWithin(finding, pair.Path) && IsWithin(told, pair.DependsOn));

    /// <summary>Whether a path is that of a section or of something in it. The document itself does not count: it is what is missing
    /// there.</summary>
    private static bool IsWithin(string path, string section) =>
        section.Length > 0 && path.StartsWith(section, StringComparison.Ordinal)
        && (path.Length == section.Length || path[section.Length] is '.' or '[');
}
