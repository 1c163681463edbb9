using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>Builds one mapping of a job file, field by field; a value that is the default is left out.</summary>
internal sealed class MappingWriter
{
    private readonly ImmutableArray<JobFileNode.Field>.Builder _fields = ImmutableArray.CreateBuilder<JobFileNode.Field>();

    public MappingWriter Add(string name, JobFileNode value)
    {
        _fields.Add(new(name, default, value));
        return this;
    }

    public MappingWriter Text(string name, string? value, string? @default = null) =>
        value is null || value == @default ? this : Add(name, Quoted(value));

    public MappingWriter Whole(string name, int? value, int? @default) =>
        value is not { } number || value == @default ? this : Add(name, Plain(number.ToString(CultureInfo.InvariantCulture)));

    public MappingWriter Wholes(string name, ImmutableArray<int> values) =>
        List(name, values, value => Plain(value.ToString(CultureInfo.InvariantCulture)));

    public MappingWriter Number(string name, double? value) =>
        value is { } number ? Add(name, Plain(number.ToString("R", CultureInfo.InvariantCulture))) : this;

    public MappingWriter Flag(string name, bool value, bool @default) =>
        value == @default ? this : Add(name, Plain(value ? "true" : "false"));

    public MappingWriter Millis(string name, long value, long @default) =>
        value == @default ? this : Add(name, Plain(Units.FormatMillis(value)));

    public MappingWriter MiB(string name, long value, long @default) =>
        value == @default ? this : Add(name, Quoted(Units.FormatMiB(value)));

    public MappingWriter Limit(string name, long amount) =>
        Add(name, new JobFileNode.Scalar(Rlimit.Show(amount), quoted: amount == Rlimit.Unlimited));

    public MappingWriter Duration(string name, TimeSpan? value, TimeSpan? @default) =>
        value is not { } duration || value == @default ? this : Add(name, Quoted(Units.FormatDuration(duration)));

    public MappingWriter Command(string name, ImmutableArray<string> command) =>
        ShellCommand.ScriptOf(command) is { } script ? Text(name, script) : Texts(name, command);

    public MappingWriter Texts(string name, ImmutableArray<string> values) => List(name, values, Quoted);

    public MappingWriter List<T>(string name, ImmutableArray<T> values, Func<T, JobFileNode> write) =>
        values.IsEmpty ? this : Add(name, new JobFileNode.Sequence([.. values.Select(write)]));

    /// <summary>A section that has something to say.</summary>
    public MappingWriter Section(string name, MappingWriter section) => section._fields.Count == 0 ? this : Add(name, section.ToNode());

    public JobFileNode.Mapping ToNode() => new(_fields.ToImmutable());

    private static JobFileNode.Scalar Quoted(string text) => new(text, quoted: true);

    private static JobFileNode.Scalar Plain(string text) => new(text, quoted: false);
}
