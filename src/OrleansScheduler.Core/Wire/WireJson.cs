using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>How everything looks as JSON: the gateway writes it, clients read it, the CLI prints it.</summary>
public static class WireJson
{
    /// <summary>camelCase names; enums as kebab-case words, task statuses upper case; nulls left out; durations as <c>15s</c>.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Puts the same settings on somebody else's options, such as ASP.NET's.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new ScheduleStatusJsonConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

internal sealed class ScheduleStatusJsonConverter : JsonConverter<ScheduleStatus>
{
    public override ScheduleStatus Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Enum.TryParse<ScheduleStatus>(reader.GetString(), ignoreCase: true, out var status) ? status
            : throw new JsonException("expected a task status");

    public override void Write(Utf8JsonWriter writer, ScheduleStatus value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToName());
}
