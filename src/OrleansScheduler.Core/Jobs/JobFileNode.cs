namespace OrleansScheduler.Core;

/// <summary>A place in a job file, both from 1; 0 when it is not known.</summary>
internal readonly record struct FilePosition(int Line, int Column)
{
    /// <summary>The place after the last character.</summary>
    public static FilePosition EndOf(ReadOnlySpan<char> text) => new(text.Count('\n') + 1, text.Length - text.LastIndexOf('\n'));
}

/// <summary>One value of a job file with its place: the common form that YAML and JSON are read into and written from.</summary>
internal abstract class JobFileNode(FilePosition at)
{
    public FilePosition At { get; } = at;

    /// <summary>Values in it, itself included, every use of an alias counted.</summary>
    public abstract int Size { get; }

    /// <summary>Levels below it, itself included.</summary>
    public abstract int Height { get; }

    /// <summary>A text, number, truth value or nothing.</summary>
    /// <param name="text">As written, escapes resolved.</param>
    /// <param name="quoted">Whether it was marked as text. What is not may also be a number, a truth value or nothing.</param>
    /// <param name="at">Where it starts.</param>
    public sealed class Scalar(string text, bool quoted, FilePosition at = default) : JobFileNode(at)
    {
        public string Text { get; } = text;

        public bool Quoted { get; } = quoted;

        public bool IsNull => !Quoted && Text is "" or "~" or "null" or "Null" or "NULL";

        public bool IsTrue => !Quoted && Text is "true" or "True" or "TRUE";

        public bool IsFalse => !Quoted && Text is "false" or "False" or "FALSE";

        public override int Size => 1;

        public override int Height => 1;
    }

    /// <summary>Names with values, in the order of the file.</summary>
    public sealed class Mapping(ImmutableArray<Field> fields, FilePosition at = default) : JobFileNode(at)
    {
        public ImmutableArray<Field> Fields { get; } = fields;

        public override int Size { get; } = 1 + fields.Sum(field => field.Value.Size);

        public override int Height { get; } = 1 + fields.Select(field => field.Value.Height).DefaultIfEmpty().Max();
    }

    /// <summary>Values in order.</summary>
    public sealed class Sequence(ImmutableArray<JobFileNode> items, FilePosition at = default) : JobFileNode(at)
    {
        public ImmutableArray<JobFileNode> Items { get; } = items;

        public override int Size { get; } = 1 + items.Sum(item => item.Size);

        public override int Height { get; } = 1 + items.Select(item => item.Height).DefaultIfEmpty().Max();
    }

    /// <summary>One name with its value.</summary>
    public readonly record struct Field(string Name, FilePosition NameAt, JobFileNode Value)
    {
        /// <summary>Where to point at when this field is wrong: at the value when it stands there by itself, else at the name.</summary>
        public FilePosition At => Value is Scalar { IsNull: false } ? Value.At : NameAt;
    }

    /// <summary>Where the field at <paramref name="path"/> is, or what comes nearest to it when the file does not have it.</summary>
    public FilePosition Locate(string path) => Locate(path, At);

    private FilePosition Locate(ReadOnlySpan<char> path, FilePosition nearest)
    {
        if (path.IsEmpty) return nearest;
        if (this is Sequence sequence && path[0] == '[' && path.IndexOf(']') is var close and > 0
            && int.TryParse(path[1..close], out var index) && index < sequence.Items.Length)
            return sequence.Items[index].Locate(path[(close + 1)..], sequence.Items[index].At);

        if (this is not Mapping mapping) return nearest;
        if (path[0] == '.') path = path[1..];
        Field? best = null;
        foreach (var field in mapping.Fields)
        {
            // Names of variables may hold dots themselves: the longest name that fits is meant.
            var fits = path.StartsWith(field.Name) && (path.Length == field.Name.Length || path[field.Name.Length] is '.' or '[');
            if (fits && field.Name.Length >= (best?.Name.Length ?? 0)) best = field;
        }

        return best is { } found ? found.Value.Locate(path[found.Name.Length..], found.At) : nearest;
    }
}
