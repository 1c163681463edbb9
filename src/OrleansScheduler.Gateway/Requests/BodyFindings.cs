namespace OrleansScheduler.Gateway;

/// <summary>Collects what is wrong with the fields of a body; has the checks that many bodies share.</summary>
internal sealed class BodyFindings
{
    /// <summary>Largest amount of anything, so that sums over thousands stay exact.</summary>
    public const long MaxAmount = Quota.Largest;

    /// <summary>Most items of a list.</summary>
    public const int MaxItems = 1000;

    private readonly ImmutableArray<FieldError>.Builder _errors = ImmutableArray.CreateBuilder<FieldError>();

    /// <summary>All of it as one problem; null when nothing is wrong.</summary>
    public Problem? ToProblem(string code) => _errors.Count switch
    {
        0 => null,
        1 => new(ProblemKind.Invalid, _errors[0].Code, _errors[0].Message, [_errors[0]]),
        var count => new(ProblemKind.Invalid, code, $"The body has {count} errors.", _errors.ToImmutable()),
    };

    public void Add(string code, string path, string message)
    {
        if (_errors.Count < JobLimits.MaxErrors) _errors.Add(new(code, path, message, Line: 0, Column: 0, Document: 0));
    }

    public void Add(Problem problem, string path) => Add(problem.Code, path, problem.Message);

    /// <summary>Adds what the rules of jobs say about a spec in the body.</summary>
    public void Add(FieldError error, string path) =>
        Add(error.Code, error.Path.Length == 0 ? path : $"{path}.{error.Path}", error.Message);

    public void Range(long value, long least, long most, string path)
    {
        if (value < least) Add("below-minimum", path, $"This must be at least {least}.");
        if (value > most) Add("above-maximum", path, $"This must be at most {most}.");
    }

    public void Part(string text, string path)
    {
        if (!JobKey.IsValidPart(text)) Add("bad-name", path, $"This must be {JobKey.PartRule}.");
    }

    /// <summary>A role as a path, whichever way its levels are separated.</summary>
    public string Role(string? text, string path)
    {
        if (!RoleText.TryRead(text, out var role)) Add("bad-name", path, $"This must be a role: {RoleText.Rule}.");
        return role;
    }

    /// <summary>The items of a list with their paths; what is not there is an error, and so is what stands there twice.</summary>
    public IEnumerable<(T Item, string Path)> Each<T>(ImmutableArray<T>? list, string path, Func<T, object>? key = null)
        where T : class
    {
        var items = list ?? [];
        if (items.Length > MaxItems)
        {
            Add("above-maximum", path, $"This has at most {MaxItems} items.");
            yield break;
        }

        var keys = new HashSet<object>();
        for (var i = 0; i < items.Length; i++)
        {
            var at = $"{path}[{i}]";
            if (items[i] is not { } item) Add("required", at, "Nothing stands here.");
            else if (key is not null && !keys.Add(key(item))) Add("duplicate", at, $"'{key(item)}' stands here twice; keep one.");
            else yield return (item, at);
        }
    }
}
