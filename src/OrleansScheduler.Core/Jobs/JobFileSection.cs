using System.Globalization;
using System.Text.Json;

namespace OrleansScheduler.Core;

/// <summary>Reads the fields of one section of a job file by name and type. What is wrong becomes an error and reads as if it were not
/// there.</summary>
/// <remarks>A field without a value (<c>image:</c>) counts as not given. Texts may be written without quotes, even when they look like
/// numbers.</remarks>
internal sealed class JobFileSection
{
    private const string Amount = "an amount such as 0.5 or 500m";

    private readonly JobFileNode.Mapping _mapping;
    private readonly JobFileErrors _errors;
    private readonly string _path;
    private readonly string _section;

    private JobFileSection(JobFileNode.Mapping mapping, string path, JobFileErrors errors)
    {
        (_mapping, _path, _errors, _section) = (mapping, path, errors, JobFields.SectionOf(path));
        foreach (var field in mapping.Fields)
        {
            if (errors.IsFull) break;
            if (JobFields.Sections[_section].Contains(field.Name)) continue;
            var place = path.Length == 0 ? "here" : $"in '{path}'";
            var message = $"There is no field {FieldWords.Show(field.Name)} {place}.{JobFields.Suggest(field.Name, _section)}";
            errors.Add(JobCode.UnknownField, PathOf(field.Name), message, field.NameAt);
        }
    }

    /// <summary>The section at <paramref name="path"/>; null when the value is not a mapping, which is an error.</summary>
    public static JobFileSection? Of(JobFileNode node, string path, JobFileErrors errors)
    {
        if (node is JobFileNode.Mapping mapping) return new(mapping, path, errors);
        errors.Add(JobCode.TypeMismatch, path, $"Expected fields with values, found {Describe(node)}.", node.At);
        return null;
    }

    public bool Has(string name) => Find(name) is not null;

    /// <summary>Complains when the field is not there.</summary>
    public void Require(string name)
    {
        if (Has(name)) return;
        var at = _mapping.Fields.Where(field => field.Name == name).Select(field => field.At).FirstOrDefault(_mapping.At);
        _errors.Add(JobCode.Required, PathOf(name), $"'{name}' is required.", at);
    }

    /// <summary>Complains about a field that is there.</summary>
    public void Refuse(string name, string code, string message)
    {
        if (Find(name) is { } field) _errors.Add(code, PathOf(name), message, field.At);
    }

    /// <summary>Complains about the section as a whole.</summary>
    public void Complain(string code, string message) => _errors.Add(code, _path, message, _mapping.At);

    public JobFileSection? Section(string name) => Find(name) is { } field ? Of(field.Value, PathOf(name), _errors) : null;

    /// <summary>The items of a list of sections.</summary>
    public IEnumerable<JobFileSection> Sections(string name) =>
        Items(name).Select(item => Of(item.Node, item.Path, _errors)).OfType<JobFileSection>();

    /// <summary>The items of a list, each with its path.</summary>
    public IEnumerable<(string Path, JobFileNode Node)> Items(string name) => Find(name) switch
    {
        null => [],
        { Value: JobFileNode.Sequence { Items: var items } } when PathOf(name) is var path =>
            items.Select((item, index) => ($"{path}[{index}]", item)),
        { } field => Mismatch<IEnumerable<(string, JobFileNode)>>(field, "a list") ?? [],
    };

    public string? Text(string name) => Find(name) is { } field ? TextOf(field.Value, PathOf(name), field.At) : null;

    public ImmutableArray<string> Texts(string name) =>
        [.. Items(name).Select(item => TextOf(item.Node, item.Path, item.Node.At)).OfType<string>()];

    /// <summary>Names and texts that the user chose.</summary>
    public ImmutableSortedDictionary<string, string> TextsByName(string name)
    {
        var texts = ImmutableSortedDictionary.CreateBuilder<string, string>();
        foreach (var (path, entry) in Entries(name))
        {
            if (TextOf(entry.Value, path, entry.At) is { } text) texts[entry.Name] = text;
        }

        return texts.ToImmutable();
    }

    /// <summary>Names that the user chose, and thousandths.</summary>
    public ImmutableSortedDictionary<string, long> MillisByName(string name) =>
        ByName(name, (path, entry) => Quantity<long>(entry, path, Amount, Units.ParseMillis));

    /// <summary>Names and amounts of <see cref="Rlimit"/>.</summary>
    public ImmutableSortedDictionary<string, long> LimitsByName(string name) => ByName(name, (path, entry) =>
        Quantity<long>(entry, path, $"a whole number or {Rlimit.UnlimitedWord}", Rlimit.Parse));

    /// <summary>Names that the user chose, and whole numbers.</summary>
    public ImmutableSortedDictionary<string, int> WholesByName(string name, WholeRange range) =>
        ByName(name, (path, entry) => Whole(entry, path, range));

    /// <summary>A list of arguments, or a text for the shell.</summary>
    public ImmutableArray<string> Command(string name) => Find(name) switch
    {
        null => [],
        { Value: JobFileNode.Sequence } => Texts(name),
        { Value: JobFileNode.Scalar } field => TextOf(field.Value, PathOf(name), field.At) is { } script ? ShellCommand.Of(script) : [],
        { } field => Mismatch<ImmutableArray<string>?>(field, "a list of arguments, or a text for the shell") ?? [],
    };

    public int? Whole(string name, WholeRange range) => Find(name) is { } field ? Whole(field, PathOf(name), range) : null;

    /// <summary>A whole number, or a word that stands for one.</summary>
    public int? WholeOrWord(string name, WholeRange range, params ReadOnlySpan<(string Word, int Value)> words)
    {
        if (Find(name) is not { } field) return null;
        var text = field.Value is JobFileNode.Scalar scalar ? scalar.Text : "";
        foreach (var (word, value) in words)
        {
            if (word == text) return value;
        }

        List<string> known = [];
        foreach (var (word, _) in words) known.Add(word);
        return text.AsSpan().TrimStart("+-").ContainsAnyExceptInRange('0', '9') || field.Value is not JobFileNode.Scalar { Quoted: false }
            ? Mismatch<int?>(field, $"{string.Join(", ", known)} or a whole number")
            : Whole(field, PathOf(name), range);
    }

    /// <summary>A list of whole numbers.</summary>
    public ImmutableArray<int> Wholes(string name, WholeRange range) =>
        [.. Items(name).Select(item => Whole(new(name, item.Node.At, item.Node), item.Path, range)).OfType<int>()];

    /// <summary>A list of instances and of ranges of them, such as <c>[0-2, 5]</c>.</summary>
    public InstanceSet Instances(string name)
    {
        var ranges = new List<InstanceRange>();
        foreach (var (path, node) in Items(name))
        {
            if (TextOf(node, path, node.At) is not { } text) continue;
            if (InstanceRange.TryParse(text, out var range)) ranges.Add(range);
            else _errors.Add(JobCode.InstancesSyntax, path, $"{FieldWords.Show(text)} is no instance and no range like 0-2.", node.At);
        }

        return InstanceSet.Of(ranges);
    }

    public double? Number(string name)
    {
        if (Find(name) is not { } field) return null;
        var number = field.Value is JobFileNode.Scalar { Quoted: false } scalar ? scalar.Text : "";
        if (number.ToUpperInvariant() is ".NAN" or ".INF" or "-.INF" or "+.INF") number = "NaN";
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return Mismatch<double?>(field, "a number");
        if (double.IsFinite(value)) return value;
        _errors.Add(JobCode.NumberOutOfRange, PathOf(name), "This must be a finite number.", field.At);
        return null;
    }

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { Value: JobFileNode.Scalar { IsTrue: true } } => true,
        { Value: JobFileNode.Scalar { IsFalse: true } } => false,
        { } field => Mismatch<bool?>(field, "true or false"),
    };

    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (Find(name) is not { } field || TextOf(field.Value, PathOf(name), field.At) is not { } text) return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (NameOf(value) == text) return value;
        }

        var known = Enum.GetValues<T>().Select(NameOf).ToList();
        var hint = FieldWords.Nearest(text, known) is { } meant ? $" Did you mean '{meant}'?" : "";
        var message = $"{FieldWords.Show(text)} is not one of {string.Join(", ", known)}.{hint}";
        _errors.Add(JobCode.UnknownValue, PathOf(name), message, field.At);
        return null;
    }

    public long? Millis(string name) => Quantity<long>(name, Amount, Units.ParseMillis);

    public long? MiB(string name) => Quantity<long>(name, "a size such as 256MiB", Units.ParseMiB);

    public TimeSpan? Duration(string name) => Quantity<TimeSpan>(name, "a duration such as 15s", Units.ParseDuration);

    /// <summary>How a value of an enumeration is written.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private int? Whole(JobFileNode.Field field, string path, WholeRange range)
    {
        var number = field.Value is JobFileNode.Scalar { Quoted: false } scalar ? scalar.Text : "";
        var digits = number is ['-' or '+', ..] ? number.AsSpan(1) : number;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')) return Mismatch<int?>(field, path, "a whole number");
        if (int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)) return value;
        var (code, message) = number[0] == '-' ? (JobCode.BelowMinimum, range.TooSmall) : (JobCode.AboveMaximum, range.TooLarge);
        _errors.Add(code, path, message, field.At);
        return null;
    }

    private T? Quantity<T>(string name, string what, Func<string, Answer<T>> parse)
        where T : struct => Find(name) is { } field ? Quantity(field, PathOf(name), what, parse) : null;

    private T? Quantity<T>(JobFileNode.Field field, string path, string what, Func<string, Answer<T>> parse)
        where T : struct
    {
        if (field.Value is not JobFileNode.Scalar { IsTrue: false, IsFalse: false } scalar) return Mismatch<T?>(field, path, what);
        var answer = parse(scalar.Text);
        if (answer.Problem is not { } problem) return answer.Value;
        _errors.Add(problem.Code, path, problem.Message, field.At);
        return null;
    }

    private ImmutableSortedDictionary<string, T> ByName<T>(string name, Func<string, JobFileNode.Field, T?> read)
        where T : struct
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, T>();
        foreach (var (path, entry) in Entries(name))
        {
            if (read(path, entry) is { } value) values[entry.Name] = value;
        }

        return values.ToImmutable();
    }

    /// <summary>The fields of a mapping whose names the user chose, each with its path.</summary>
    private IEnumerable<(string Path, JobFileNode.Field Field)> Entries(string name) => Find(name) switch
    {
        null => [],
        { Value: JobFileNode.Mapping mapping } => mapping.Fields.Select(entry => (JobFilePath.Join(PathOf(name), entry.Name), entry)),
        { } field => Mismatch<IEnumerable<(string, JobFileNode.Field)>>(field, "names with values") ?? [],
    };

    private string? TextOf(JobFileNode node, string path, FilePosition at)
    {
        if (node is JobFileNode.Scalar { IsNull: false } scalar) return scalar.Text;
        _errors.Add(JobCode.TypeMismatch, path, $"Expected a text, found {Describe(node)}.", at);
        return null;
    }

    private T? Mismatch<T>(JobFileNode.Field field, string expected) => Mismatch<T>(field, PathOf(field.Name), expected);

    private T? Mismatch<T>(JobFileNode.Field field, string path, string expected)
    {
        _errors.Add(JobCode.TypeMismatch, path, $"Expected {expected}, found {Describe(field.Value)}.", field.At);
        return default;
    }

    private JobFileNode.Field? Find(string name)
    {
        if (!JobFields.Sections[_section].Contains(name)) throw new InvariantException($"'{name}' is not a field of section '{_section}'");
        foreach (var field in _mapping.Fields)
        {
            if (field.Name == name) return field.Value is JobFileNode.Scalar { IsNull: true } ? null : field;
        }

        return null;
    }

    private string PathOf(string name) => JobFilePath.Join(_path, name);

    private static string Describe(JobFileNode node) => node switch
    {
        JobFileNode.Mapping => "fields with values",
        JobFileNode.Sequence => "a list",
        JobFileNode.Scalar { IsNull: true } => "nothing",
        JobFileNode.Scalar { Quoted: true } scalar => $"the text {FieldWords.Show(scalar.Text)}",
        JobFileNode.Scalar scalar => FieldWords.Show(scalar.Text),
        _ => throw new InvariantException("a node is a mapping, a list or a scalar"),
    };
}
