using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansScheduler.Core.Tests;

/// <summary>The part of JSON Schema that our schema uses. A keyword that it does not know fails the test that met it.</summary>
internal static class SchemaCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static List<string> Check(JsonNode schema, JsonNode? value)
    {
        var errors = new List<string>();
        Check(schema, schema.AsObject(), value, "", errors);
        return errors;
    }

    private static bool Fits(JsonNode root, JsonNode schema, JsonNode? value)
    {
        var errors = new List<string>();
        Check(root, schema.AsObject(), value, "", errors);
        return errors.Count == 0;
    }

    private static void Check(JsonNode root, JsonObject schema, JsonNode? value, string path, List<string> errors)
    {
        foreach (var (keyword, rule) in schema)
        {
            if (!Holds(root, schema, keyword, rule!, value, path, errors)) errors.Add($"{path}: {keyword} {rule!.ToJsonString()}");
        }
    }

    private static bool Holds(JsonNode root, JsonObject schema, string keyword, JsonNode rule, JsonNode? value, string path,
        List<string> errors)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        switch (keyword)
        {
            case "$schema" or "$id" or "$defs" or "title" or "description" or "default":
                return true;
            case "$ref":
                Check(root, root["$defs"]![((string)rule!).Split('/')[^1]]!.AsObject(), value, path, errors);
                return true;
            case "type":
                return rule is JsonArray types ? types.Any(type => IsOf((string)type!, kind, value)) : IsOf((string)rule!, kind, value);
            case "enum":
                return rule.AsArray().Any(word => JsonNode.DeepEquals(word, value));
            case "const":
                return JsonNode.DeepEquals(rule, value);
            case "not":
                return !Fits(root, rule, value);
            case "anyOf":
                return rule.AsArray().Any(option => Fits(root, option!, value));
            case "oneOf":
                return rule.AsArray().Count(option => Fits(root, option!, value)) == 1;
            case "pattern":
                return kind != JsonValueKind.String || Regex.IsMatch((string)value!, (string)rule!, RegexOptions.ECMAScript, Patience);
            case "minLength":
                return kind != JsonValueKind.String || ((string)value!).Length >= (int)rule;
            case "maxLength":
                return kind != JsonValueKind.String || ((string)value!).Length <= (int)rule;
            case "minimum":
                return kind != JsonValueKind.Number || (double)value! >= (double)rule;
            case "maximum":
                return kind != JsonValueKind.Number || (double)value! <= (double)rule;
            case "minItems":
                return value is not JsonArray few || few.Count >= (int)rule;
            case "maxItems":
                return value is not JsonArray many || many.Count <= (int)rule;
            case "uniqueItems":
                return value is not JsonArray items || items.Select(item => item!.ToJsonString()).Distinct().Count() == items.Count;
            case "items":
                foreach (var (index, item) in (value as JsonArray ?? []).Index())
                    Check(root, rule.AsObject(), item, $"{path}[{index}]", errors);
                return true;
            case "required":
                return value is not JsonObject having || rule.AsArray().All(name => having.ContainsKey((string)name!));
            case "minProperties":
                return value is not JsonObject small || small.Count >= (int)rule;
            case "maxProperties":
                return value is not JsonObject large || large.Count <= (int)rule;
            case "propertyNames":
                return value is not JsonObject named || named.All(field => Fits(root, rule, JsonValue.Create(field.Key)));
            case "properties":
                foreach (var (name, field) in value as JsonObject ?? [])
                {
                    if (rule[name] is { } known) Check(root, known.AsObject(), field, $"{path}.{name}", errors);
                }

                return true;
            case "additionalProperties":
                var others = (value as JsonObject ?? []).Where(field => schema["properties"]?[field.Key] is null).ToList();
                if (rule is not JsonObject other) return others.Count == 0;
                foreach (var (name, field) in others) Check(root, other, field, $"{path}.{name}", errors);
                return true;
            default:
                throw new InvalidOperationException($"the check does not know '{keyword}'");
        }
    }

    private static bool IsOf(string type, JsonValueKind kind, JsonNode? value) => type switch
    {
        "object" => kind == JsonValueKind.Object,
        "array" => kind == JsonValueKind.Array,
        "string" => kind == JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "number" => kind == JsonValueKind.Number,
        "integer" => kind == JsonValueKind.Number && double.IsInteger((double)value!),
        _ => throw new InvalidOperationException($"the check does not know the type '{type}'"),
    };
}
