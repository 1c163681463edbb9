using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>Reads the <c>constraints:</c> of a job file: an attribute each, and what is wanted of it.</summary>
internal sealed class ConstraintReader(JobFileErrors errors)
{
    /// <summary>Words that make a text of two words something else than a value. In a list they are values.</summary>
    public const string Limit = "limit";

    /// <inheritdoc cref="Limit"/>
    public const string Spread = "spread";

    /// <inheritdoc cref="Limit"/>
    public const string With = "with";

    /// <inheritdoc cref="Limit"/>
    public const string Apart = "apart";

    public ImmutableArray<Constraint> Read(JobFileSection job) =>
        [.. job.Items("constraints").Select(item => Read(item.Path, item.Node)).OfType<Constraint>()];

    private Constraint? Read(string path, JobFileNode node)
    {
        if (node is not JobFileNode.Mapping { Fields: [var field] })
            return Malformed(path, node.At, "A constraint is one attribute and what is wanted, such as 'rack: limit 1' or 'zone: [a, b]'.");

        path = JobFilePath.Join(path, field.Name);
        return field.Value switch
        {
            JobFileNode.Scalar { IsNull: false } scalar => ReadText(path, field, scalar.Text),
            JobFileNode.Sequence list when list.Items.All(item => item is JobFileNode.Scalar { IsNull: false }) =>
                ReadValues(path, field, [.. list.Items.Select(item => ((JobFileNode.Scalar)item).Text)]),
            _ => Malformed(path, field.At,
                "Expected 'limit' or 'spread' and a number, 'with' or 'apart' and a job, a value, or a list of values."),
        };
    }

    private Constraint? ReadText(string path, JobFileNode.Field field, string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [Limit, var count] => ReadCount(path, field, Limit, count) is { } most ? new Constraint.Limit(field.Name, most) : null,
            [Spread, var skew] => ReadCount(path, field, Spread, skew) is { } most ? new Constraint.Spread(field.Name, most) : null,
            [With or Apart, var job] words => JobKey.TryParse(job, out var key)
                ? new Constraint.Affinity(field.Name, key, Apart: words[0] == Apart)
                : Malformed(path, field.At,
                    $"{FieldWords.Show(job)} is not a job; write '{words[0]} role/env/name', or a list to mean the text as a value."),
            _ => ReadValues(path, field, [text]),
        };

    private int? ReadCount(string path, JobFileNode.Field field, string word, string count)
    {
        if (int.TryParse(count, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        Malformed(path, field.At, $"{FieldWords.Show(count)} is not a number of instances; write '{word} 1' or more.");
        return null;
    }

    private Constraint? ReadValues(string path, JobFileNode.Field field, ImmutableArray<string> values)
    {
        var negated = values.Count(value => value.StartsWith('!'));
        if (negated != 0 && negated != values.Length)
            return Malformed(path, field.At, "Either all values start with '!' or none: 'zone: [a, b]' or 'zone: [\"!a\", \"!b\"]'.");
        return new Constraint.Value(field.Name, negated == 0 ? values : [.. values.Select(value => value[1..])], negated != 0);
    }

    private Constraint? Malformed(string path, FilePosition at, string message)
    {
        errors.Add(JobCode.ConstraintSyntax, path, message, at);
        return null;
    }
}
