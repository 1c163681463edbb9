using System.Text;
using System.Text.Json;

namespace OrleansScheduler.Core;

/// <summary>Reads JSON into the same nodes as YAML. Several values one after the other are several documents.</summary>
internal static class JobFileJson
{
    /// <summary>Whether a file is JSON rather than YAML: it starts with <c>{"</c> or <c>{}</c>.</summary>
    public static bool LooksLikeJson(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start is ['{', ..] && start[1..].TrimStart() is ['"' or '}', ..];
    }

    /// <summary>The documents that could be read. What stops the reading becomes an error of the document it is in.</summary>
    public static ImmutableArray<JobFileNode> Read(ReadOnlySpan<byte> file, JobFileErrors errors)
    {
        // Depth is counted here, so that the error can say where and what.
        var reader = new Utf8JsonReader(file, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = JobLimits.MaxDepth * 2 });
        var lines = new Lines(file);
        var documents = ImmutableArray.CreateBuilder<JobFileNode>();
        try
        {
            while (reader.Read())
            {
                errors.Document = documents.Count;
                if (documents.Count == JobLimits.MaxDocuments)
                {
                    errors.Add(JobCode.TooManyDocuments, "", $"A job file has at most {JobLimits.MaxDocuments} documents.",
                        lines.At(reader));
                    break;
                }

                if (ReadNode(ref reader, ref lines, new(), 1, errors) is not { } root) break;
                documents.Add(root);
            }
        }
        catch (JsonException exception)
        {
            errors.Document = documents.Count;
            var at = new FilePosition((int)(exception.LineNumber ?? 0) + 1, (int)(exception.BytePositionInLine ?? 0) + 1);
            errors.Add(JobCode.Syntax, "", $"This is not JSON: {WithoutPlace(exception.Message)}", at);
        }

        return documents.DrainToImmutable();
    }

    /// <summary>Reads the value that a reader stands on, to its end. Places are not known.</summary>
    /// <returns>Null when it is not fit to be read; <paramref name="errors"/> says why.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static JobFileNode? Read(ref Utf8JsonReader reader, JobFileErrors errors)
    {
        var unknown = default(Lines);
        return ReadNode(ref reader, ref unknown, new(), 1, errors);
    }

    private static JobFileNode? ReadNode(ref Utf8JsonReader reader, ref Lines lines, JobFilePath path, int depth, JobFileErrors errors)
    {
        var at = lines.At(reader);
        if (depth > JobLimits.MaxDepth)
        {
            errors.Add(JobCode.TooDeep, path, $"Values may be nested at most {JobLimits.MaxDepth} levels deep.", at);
            return null;
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, ref lines, path, depth, errors, at);
            case JsonTokenType.StartArray:
                var items = ImmutableArray.CreateBuilder<JobFileNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    path.Enter(items.Count);
                    if (ReadNode(ref reader, ref lines, path, depth + 1, errors) is not { } item) return null;
                    path.Leave();
                    items.Add(item);
                }

                return new JobFileNode.Sequence(items.DrainToImmutable(), at);
            case JsonTokenType.String:
                return ReadText(ref reader, path, at, errors) is { } text ? new JobFileNode.Scalar(text, quoted: true, at) : null;
            default:
                return new JobFileNode.Scalar(Encoding.UTF8.GetString(Raw(reader)), quoted: false, at);
        }
    }

    private static JobFileNode.Mapping? ReadObject(
        ref Utf8JsonReader reader, ref Lines lines, JobFilePath path, int depth, JobFileErrors errors, FilePosition at)
    {
        var fields = new JobFileFields(path, errors);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var nameAt = lines.At(reader);
            if (ReadText(ref reader, path, nameAt, errors) is not { } name) return null;
            reader.Read();
            path.Enter(name);
            if (ReadNode(ref reader, ref lines, path, depth + 1, errors) is not { } value) return null;
            path.Leave();
            fields.Add(new(name, nameAt, value));
        }

        return fields.ToMapping(at);
    }

    private static string? ReadText(ref Utf8JsonReader reader, JobFilePath path, FilePosition at, JobFileErrors errors)
    {
        try
        {
            var text = reader.GetString()!;
            if (reader.TokenType == JsonTokenType.String) errors.CheckText(text, path, at);
            return text;
        }
        catch (InvalidOperationException)
        {
            errors.Add(JobCode.InvalidUtf8, path, "Half of a surrogate pair is not a character.", at);
            return null;
        }
    }

    private static ReadOnlySpan<byte> Raw(in Utf8JsonReader reader) =>
        reader.HasValueSequence ? System.Buffers.BuffersExtensions.ToArray(reader.ValueSequence) : reader.ValueSpan;

    private static string WithoutPlace(string message)
    {
        var place = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return FieldWords.Plain(place < 0 ? message : message[..place]);
    }

    /// <summary>Turns offsets, which only ever grow, into lines and columns.</summary>
    private ref struct Lines(ReadOnlySpan<byte> file)
    {
        private readonly ReadOnlySpan<byte> _file = file;
        private int _line;
        private int _column;
        private int _seen;

        public FilePosition At(in Utf8JsonReader reader)
        {
            if (_file.IsEmpty) return default;
            var offset = (int)reader.TokenStartIndex;
            while (_file[_seen..offset].IndexOf((byte)'\n') is var newline and >= 0)
            {
                _line++;
                _column = 0;
                _seen += newline + 1;
            }

            _column += Encoding.UTF8.GetCharCount(_file[_seen..offset]);
            _seen = offset;
            return new(_line + 1, _column + 1);
        }
    }
}
