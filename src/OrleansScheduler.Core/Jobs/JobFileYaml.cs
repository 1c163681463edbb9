using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OrleansScheduler.Core;

/// <summary>Reads the documents of a YAML file into nodes, event by event: no object is ever made from a tag, and nothing grows beyond
/// the limits of <see cref="JobLimits"/>.</summary>
internal sealed class JobFileYaml
{
    private const string CoreTags = "tag:yaml.org,2002:";

    private readonly Dictionary<AnchorName, JobFileNode> _anchors = [];
    private readonly JobFilePath _path = new();
    private readonly Parser _parser;
    private readonly JobFileErrors _errors;
    private int _aliased;

    private JobFileYaml(string text, JobFileErrors errors) => (_parser, _errors) = (new(new StringReader(text)), errors);

    /// <summary>The documents that could be read. What stops the reading becomes an error of the document it is in.</summary>
    public static ImmutableArray<JobFileNode> Read(string text, JobFileErrors errors)
    {
        var documents = ImmutableArray.CreateBuilder<JobFileNode>();
        try
        {
            new JobFileYaml(text, errors).ReadDocuments(documents);
        }
        catch (YamlException exception)
        {
            var at = Position(exception.Start);
            var end = FilePosition.EndOf(text);
            if (at.Line > end.Line) at = end;
            var tab = IndentingTab(text, at.Line);
            errors.Add(
                JobCode.Syntax, "",
                tab is null
                    ? $"This is not YAML: {Sentence(exception.Message)}."
                    : "YAML is indented with blanks; this line starts with a tab.",
                tab ?? at);
        }

        return documents.DrainToImmutable();
    }

    private void ReadDocuments(ImmutableArray<JobFileNode>.Builder documents)
    {
        while (MoveNext())
        {
            if (_parser.Current is not DocumentStart) continue;
            MoveNext();
            _anchors.Clear();
            _aliased = 0;
            _errors.Document = documents.Count;
            if (documents.Count == JobLimits.MaxDocuments)
            {
                _errors.Add(JobCode.TooManyDocuments, "", $"A job file has at most {JobLimits.MaxDocuments} documents.", Here);
                return;
            }

            if (ReadNode(1) is not { } root) return;
            if (root is not JobFileNode.Scalar { IsNull: true }) documents.Add(root);
        }
    }

    /// <summary>The library's reader stumbles over some broken files instead of refusing them; to the user both are the same.</summary>
    private bool MoveNext()
    {
        var last = _parser.Current?.End ?? Mark.Empty;
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception exception) when (exception is not (YamlException or OutOfMemoryException))
        {
            throw new YamlException(last, last, "what follows here cannot be read", exception);
        }
    }

    private FilePosition Here => Position(_parser.Current!.Start);

    /// <summary>Reads one value and moves to its last event; null when the reading has to stop.</summary>
    private JobFileNode? ReadNode(int depth)
    {
        if (depth > JobLimits.MaxDepth) return StopAtDepth();
        switch (_parser.Current)
        {
            case AnchorAlias alias:
                return Resolve(alias, depth);
            case Scalar scalar:
                return Keep(scalar, ReadScalar(scalar));
            case SequenceStart start:
                HasKnownTag(start, "seq");
                return Keep(start, ReadSequence(depth));
            case MappingStart start:
                HasKnownTag(start, "map");
                return Keep(start, ReadMapping(depth));
            default:
                _errors.Add(JobCode.Syntax, _path, "A value is missing here.", Here);
                return null;
        }
    }

    private JobFileNode.Scalar ReadScalar(Scalar scalar)
    {
        if (!HasKnownTag(scalar, "str", "int", "float", "bool", "null")) return new(scalar.Tag.Value + scalar.Value, quoted: true, Here);
        var isText = scalar.Style != ScalarStyle.Plain
            || (!scalar.Tag.IsEmpty && scalar.Tag is { IsNonSpecific: true } or { Value: CoreTags + "str" });
        _errors.CheckText(scalar.Value, _path, Here);
        return new(scalar.Value, isText, Here);
    }

    private JobFileNode.Sequence? ReadSequence(int depth)
    {
        var at = Here;
        var items = ImmutableArray.CreateBuilder<JobFileNode>();
        while (MoveNext() && _parser.Current is not SequenceEnd)
        {
            _path.Enter(items.Count);
            if (ReadNode(depth + 1) is not { } item) return null;
            _path.Leave();
            items.Add(item);
        }

        return new(items.DrainToImmutable(), at);
    }

    private JobFileNode.Mapping? ReadMapping(int depth)
    {
        var at = Here;
        var fields = new JobFileFields(_path, _errors);
        while (MoveNext() && _parser.Current is not MappingEnd)
        {
            if (_parser.Current is not Scalar key)
            {
                _errors.Add(JobCode.Syntax, _path, "The name of a field must be a text.", Here);
                return null;
            }

            var (name, nameAt) = (key.Value, Here);
            MoveNext();
            _path.Enter(name);
            if (ReadNode(depth + 1) is not { } value) return null;
            _path.Leave();
            fields.Add(new(name, nameAt, value));
        }

        return fields.ToMapping(at);
    }

    private JobFileNode? Resolve(AnchorAlias alias, int depth)
    {
        if (!_anchors.TryGetValue(alias.Value, out var target))
        {
            _errors.Add(JobCode.Syntax, _path, $"There is no anchor {FieldWords.Show("&" + alias.Value.Value)} before this alias.", Here);
            return null;
        }

        if (depth + target.Height - 1 > JobLimits.MaxDepth) return StopAtDepth();
        _aliased += target.Size;
        if (_aliased <= JobLimits.MaxAliasedValues) return target;
        _errors.Add(JobCode.TooManyAliases, _path, $"Aliases may stand for at most {JobLimits.MaxAliasedValues} values in all.", Here);
        return null;
    }

    private JobFileNode? StopAtDepth()
    {
        _errors.Add(JobCode.TooDeep, _path, $"Values may be nested at most {JobLimits.MaxDepth} levels deep.", Here);
        return null;
    }

    private JobFileNode? Keep(NodeEvent start, JobFileNode? node)
    {
        // Known only once it is complete, so no value can hold itself.
        if (!start.Anchor.IsEmpty && node is not null) _anchors[start.Anchor] = node;
        return node;
    }

    private bool HasKnownTag(NodeEvent node, params ReadOnlySpan<string> allowed)
    {
        if (node.Tag.IsEmpty || node.Tag.IsNonSpecific) return true;
        foreach (var kind in allowed)
        {
            if (node.Tag.Value == CoreTags + kind) return true;
        }

        var tag = FieldWords.Show(node.Tag.Value);
        _errors.Add(JobCode.TagUnsupported, _path, $"{tag} is a YAML tag, which is not read; a text that starts with '!' needs quotes.",
            Here);
        return false;
    }

    private static string Sentence(string message) => FieldWords.Plain(message.TrimEnd('.', ' ', '\n'));

    /// <summary>The usual reason for an error that is hard to see: a tab before the text of this line or the next.</summary>
    private static FilePosition? IndentingTab(string text, int line)
    {
        var number = 1;
        foreach (var content in text.AsSpan().EnumerateLines())
        {
            var indent = content[..(content.Length - content.TrimStart(" \t").Length)];
            if (number >= line && indent.IndexOf('\t') is var tab and >= 0) return new(number, tab + 1);
            if (number++ > line) break;
        }

        return null;
    }

    private static FilePosition Position(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
