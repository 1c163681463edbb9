using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansScheduler.Core;

/// <summary>Prints nodes as JSON, or as YAML that other readers understand the same way: whatever could be taken for something else is
/// quoted.</summary>
internal static class JobFilePrinter
{
    private static readonly SearchValues<char> PlainCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.+@%=-");

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789abcdefABCDEFoOxX_.+-");

    /// <summary>What readers of YAML 1.1 or 1.2 take for a truth value, nothing or a number.</summary>
    private static readonly FrozenSet<string> Words =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "true", "false", "yes", "no", "on", "off", "y", "n", "null", ".inf", ".nan");

    private static readonly JsonWriterOptions Indented =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToJson(JobFileNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented)) Write(writer, node);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    public static void Write(Utf8JsonWriter writer, JobFileNode node)
    {
        switch (node)
        {
            case JobFileNode.Mapping mapping:
                writer.WriteStartObject();
                foreach (var field in mapping.Fields)
                {
                    writer.WritePropertyName(field.Name);
                    Write(writer, field.Value);
                }

                writer.WriteEndObject();
                break;
            case JobFileNode.Sequence sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Items) Write(writer, item);
                writer.WriteEndArray();
                break;
            case JobFileNode.Scalar { Quoted: true } scalar:
                writer.WriteStringValue(scalar.Text);
                break;
            case JobFileNode.Scalar scalar:
                writer.WriteRawValue(scalar.Text);
                break;
        }
    }

    public static string ToYaml(JobFileNode.Mapping node)
    {
        var text = new StringBuilder();
        PrintFields(text, node, 0, "");
        return text.ToString();
    }

    /// <summary>A value, or a list of values, on one line.</summary>
    public static string Inline(JobFileNode node) => node is JobFileNode.Sequence { Items: var items }
        ? $"[{string.Join(", ", items.Select(Inline))}]"
        : Inline((JobFileNode.Scalar)node);

    private static void PrintFields(StringBuilder text, JobFileNode.Mapping mapping, int indent, string firstPrefix)
    {
        var first = true;
        foreach (var field in mapping.Fields)
        {
            if (first && firstPrefix.Length > 0) text.Append(firstPrefix);
            else text.Append(' ', indent);
            first = false;
            text.Append(Inline(field.Name)).Append(':');
            PrintValue(text, field.Value, indent);
        }
    }

    private static void PrintValue(StringBuilder text, JobFileNode value, int indent)
    {
        switch (value)
        {
            case JobFileNode.Mapping mapping:
                text.Append('\n');
                PrintFields(text, mapping, indent + 2, "");
                break;
            case JobFileNode.Sequence { Items: var items } when items.All(item => item is JobFileNode.Scalar):
                text.Append(' ').Append(Inline(value)).Append('\n');
                break;
            case JobFileNode.Sequence sequence:
                text.Append('\n');
                foreach (var item in sequence.Items)
                    PrintFields(text, (JobFileNode.Mapping)item, indent + 4, new string(' ', indent + 2) + "- ");
                break;
            case JobFileNode.Scalar { Quoted: true } scalar when IsBlock(scalar.Text):
                text.Append(" |\n");
                foreach (var line in scalar.Text[..^1].Split('\n'))
                {
                    if (line.Length > 0) text.Append(' ', indent + 2).Append(line);
                    text.Append('\n');
                }

                break;
            case JobFileNode.Scalar scalar:
                text.Append(' ').Append(Inline(scalar)).Append('\n');
                break;
        }
    }

    /// <summary>Whether a text is lines that read best as they are, and that a literal block keeps exactly.</summary>
    private static bool IsBlock(string text) =>
        text.Length > 1 && text[^1] == '\n' && text[^2] != '\n' && text[0] is not (' ' or '\n' or '\t')
        && !text.Any(c => c is '\u2028' or '\u2029' or '\uFEFF' || (char.IsControl(c) && c is not ('\n' or '\t')));

    private static string Inline(JobFileNode.Scalar scalar) => scalar.Quoted ? Inline(scalar.Text) : scalar.Text;

    private static string Inline(string text) => IsPlain(text) ? text : Quote(text);

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                '\r' => quoted.Append("\\r"),
                '\u2028' or '\u2029' or '\uFEFF' => quoted.Append("\\u").Append(((int)c).ToString("x4")),
                _ when char.IsControl(c) => quoted.Append("\\u").Append(((int)c).ToString("x4")),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsAsciiLetterOrDigit(text[0]) || text[0] is '/' or '_' or '.')
        && !text.AsSpan().ContainsAnyExcept(PlainCharacters) && !Words.Contains(text) && !LooksLikeNumber(text);

    // Hexadecimal, octal, exponents and the underscores of YAML 1.1 included.
    private static bool LooksLikeNumber(string text) => !char.IsAsciiLetter(text[0]) && !text.AsSpan().ContainsAnyExcept(NumberCharacters);
}
