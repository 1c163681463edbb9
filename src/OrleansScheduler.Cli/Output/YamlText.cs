using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansScheduler.Cli;

/// <summary>Writes JSON as YAML that every YAML reader understands alike: whatever might be read as something else than text is
/// quoted.</summary>
internal static class YamlText
{
    private static readonly HashSet<string> Reserved =
        new(["true", "false", "yes", "no", "on", "off", "y", "n", "null"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The node as block-style YAML with a line end.</summary>
    public static string Of(JsonNode? node)
    {
        var text = new StringBuilder();
        if (node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            Block(text, node, indent: 0, firstIndented: true);
        }
        else
        {
            text.Append(Inline(node)).Append('\n');
        }

        return text.ToString();
    }

    private static void Block(StringBuilder text, JsonNode node, int indent, bool firstIndented)
    {
        var isFirst = true;
        void Start()
        {
            if (firstIndented || !isFirst) text.Append(' ', indent);
            isFirst = false;
        }

        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                Start();
                text.Append("- ");
                Value(text, item, indent + 2, sameLine: true);
            }
        }
        else
        {
            foreach (var (name, value) in node.AsObject())
            {
                Start();
                text.Append(Scalar(name)).Append(':');
                Value(text, value, indent + 2, sameLine: false);
            }
        }
    }

    private static void Value(StringBuilder text, JsonNode? value, int indent, bool sameLine)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            if (!sameLine) text.Append('\n');
            Block(text, value, indent, firstIndented: !sameLine);
        }
        else
        {
            text.Append(sameLine ? "" : " ").Append(Inline(value)).Append('\n');
        }
    }

    private static string Inline(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when value.GetValueKind() == JsonValueKind.String => Scalar(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Scalar(string text) =>
        IsPlain(text) ? text : JsonSerializer.Serialize(text, WireJson.Options);

    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] is '/' or '_') && !Reserved.Contains(text) && !text.EndsWith(' ')
        && !text.Contains(" #", StringComparison.Ordinal) && !text.Contains(": ", StringComparison.Ordinal) && !text.EndsWith(':')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || " /_.-:#=,()".Contains(c));
}
