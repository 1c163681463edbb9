using System.Text;

namespace OrleansScheduler.Core;

/// <summary>
/// Replaces <c>${name}</c> in a document by what its <c>parameters:</c> say, or by what was set for this reading of it.
/// </summary>
/// <remarks>
/// Only names that the document declares are replaced, so that the shell's own <c>${…}</c> stay as they are; a declared one is kept by
/// writing <c>$${name}</c>. A parameter without a value has to be set. A value that is one reference and nothing else takes the type of
/// what it is replaced by: <c>instances: ${count}</c>.
/// </remarks>
internal sealed class JobParameters
{
    /// <summary>Name of the field that declares them.</summary>
    public const string Field = "parameters";

    /// <summary>Most parameters of one document.</summary>
    public const int MaxCount = 100;

    private readonly Dictionary<string, JobFileNode.Scalar> _values = new(StringComparer.Ordinal);
    private readonly JobFileErrors _errors;
    private int _left = JobLimits.MaxFileBytes;

    private JobParameters(JobFileErrors errors) => _errors = errors;

    /// <summary>The document as it is meant; what is wrong with its parameters becomes errors.</summary>
    /// <param name="root">The document.</param>
    /// <param name="set">Values by name, instead of those in the document.</param>
    /// <param name="used">Takes the names of <paramref name="set"/> that the document declares.</param>
    /// <param name="errors">Takes the errors.</param>
    public static JobFileNode Apply(
        JobFileNode root, IReadOnlyDictionary<string, string> set, ISet<string> used, JobFileErrors errors)
    {
        if (root is not JobFileNode.Mapping { Fields: var fields } document) return root;
        var declared = fields.FirstOrDefault(field => field.Name == Field);
        if (declared.Value is null) return root;

        var parameters = new JobParameters(errors);
        if (declared.Value is JobFileNode.Mapping names) parameters.Declare(names, set, used);
        else if (declared.Value is not JobFileNode.Scalar { IsNull: true })
            errors.Add(JobCode.TypeMismatch, Field, "Expected names with values.", declared.At);
        var rest = new JobFileNode.Mapping([.. fields.Where(field => field.Name != Field)], document.At);
        return parameters.Replace(rest);
    }

    /// <summary>Whether a parameter can have this name: small letters, so that no variable of a shell is meant.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    private void Declare(JobFileNode.Mapping names, IReadOnlyDictionary<string, string> set, ISet<string> used)
    {
        if (names.Fields.Length > MaxCount)
            _errors.Add(JobCode.AboveMaximum, Field, $"A document has at most {MaxCount} parameters.", names.At);
        foreach (var field in names.Fields.Take(MaxCount))
        {
            var path = JobFilePath.Join(Field, field.Name);
            if (!IsName(field.Name))
            {
                _errors.Add(JobCode.ParameterName, path,
                    $"{FieldWords.Show(field.Name)} is no name of a parameter: small letters, digits, '-' and '_', a letter first.",
                    field.NameAt);
                continue;
            }

            if (set.TryGetValue(field.Name, out var text))
            {
                used.Add(field.Name);
                Take(field, path, new(text, quoted: false, field.At));
            }
            else if (field.Value is JobFileNode.Scalar { IsNull: false } scalar)
            {
                Take(field, path, scalar);
            }
            else
            {
                _values[field.Name] = new("", quoted: true, field.At);
                if (field.Value is JobFileNode.Scalar)
                    _errors.Add(JobCode.ParameterRequired, path, $"'{field.Name}' has to be set: --set {field.Name}=…", field.At);
                else
                    _errors.Add(JobCode.TypeMismatch, path, "The value of a parameter is a text, a number or a truth value.", field.At);
            }
        }
    }

    private void Take(JobFileNode.Field field, string path, JobFileNode.Scalar value)
    {
        _values[field.Name] = value;
        if (value.Text.Length > JobLimits.MaxTextLength)
            _errors.Add(JobCode.TooLong, path, $"This must be at most {JobLimits.MaxTextLength} characters long.", field.At);
        if (FieldWords.IndexOfControl(value.Text) is >= 0 and var control)
            _errors.Add(JobCode.ControlCharacter, path, $"The control character U+{(int)value.Text[control]:X4} is not allowed.", field.At);
        if (!FieldWords.IsWellFormed(value.Text))
            _errors.Add(JobCode.InvalidUtf8, path, "Half of a surrogate pair is not a character.", field.At);
    }

    private JobFileNode Replace(JobFileNode node) => node switch
    {
        JobFileNode.Mapping mapping =>
            new JobFileNode.Mapping([.. mapping.Fields.Select(field => field with { Value = Replace(field.Value) })], mapping.At),
        JobFileNode.Sequence sequence => new JobFileNode.Sequence([.. sequence.Items.Select(Replace)], sequence.At),
        JobFileNode.Scalar scalar when scalar.Text.Contains("${", StringComparison.Ordinal) => Replace(scalar),
        _ => node,
    };

    private JobFileNode.Scalar Replace(JobFileNode.Scalar scalar)
    {
        if (scalar.Text is ['$', '{', .. var name, '}'] && _values.TryGetValue(name, out var whole))
        {
            Count(whole.Text, scalar.At);
            return new(whole.Text, whole.Quoted || whole.IsNull, scalar.At);
        }

        var result = new StringBuilder(scalar.Text.Length);
        for (var at = 0; at < scalar.Text.Length;)
        {
            var open = scalar.Text.IndexOf("${", at, StringComparison.Ordinal);
            var close = open < 0 ? -1 : scalar.Text.IndexOf('}', open);
            if (close < 0)
            {
                result.Append(scalar.Text, at, scalar.Text.Length - at);
                break;
            }

            if (!_values.TryGetValue(scalar.Text[(open + 2)..close], out var value))
            {
                // Only the opening is passed over: a declared name may stand inside, as in ${X:-${count}}.
                result.Append(scalar.Text, at, open + 2 - at);
                at = open + 2;
                continue;
            }

            var isKept = open > at && scalar.Text[open - 1] == '$';
            result.Append(scalar.Text, at, open - at - (isKept ? 1 : 0));
            if (isKept) result.Append(scalar.Text, open, close + 1 - open);
            else if (Count(value.Text, scalar.At)) result.Append(value.Text);
            at = close + 1;
        }

        return new(result.ToString(), quoted: true, scalar.At);
    }

    /// <summary>All replacements together make a document at most as large again as a file may be.</summary>
    private bool Count(string value, FilePosition at)
    {
        var fitted = _left >= 0;
        _left -= value.Length;
        if (fitted && _left < 0)
            _errors.Add(JobCode.FileTooLarge, Field, "Its parameters make the document larger than a job file may be.", at);
        return _left >= 0;
    }
}
