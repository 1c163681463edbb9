using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansScheduler.Core.Tests;

/// <summary>Keeps the schema true to the reader: same fields, same words, same defaults, and no valid file that it would refuse.</summary>
public sealed class JobSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(JobSchema.Text)!;

    [Fact]
    public void The_schema_and_the_reader_know_the_same_fields()
    {
        var sections = new Dictionary<string, string[]>();
        Collect(Schema, "", sections);
        Assert.Equal(
            JobFields.Sections.Select(section => $"{section.Key}: {string.Join(" ", section.Value)}").Order(StringComparer.Ordinal),
            sections.Select(section => $"{section.Key}: {string.Join(" ", section.Value)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_schema_lets_no_unknown_field_through()
    {
        var open = Objects(Schema).Where(node =>
            node["properties"] is not null && node["additionalProperties"]?.GetValueKind() != JsonValueKind.False);
        Assert.Empty(open);
    }

    [Fact]
    public void Every_field_of_the_schema_is_described()
    {
        var silent = Objects(Schema).Where(node => node["properties"] is JsonObject)
            .SelectMany(node => node["properties"]!.AsObject())
            .Where(field => field.Value!["description"] is null);
        Assert.Empty(silent.Select(field => field.Key));
    }

    [Fact]
    public void The_words_of_the_schema_are_those_of_the_reader()
    {
        Assert.Equal(Enum.GetValues<JobType>().Select(JobFileSection.NameOf), Words("type"));
        Assert.Equal(Enum.GetValues<Tier>().Select(JobFileSection.NameOf), Words("tier"));
        Assert.Equal(Enum.GetValues<CronCollision>().Select(JobFileSection.NameOf), Words("collision"));
    }

    [Fact]
    public void The_limits_of_the_schema_are_those_of_the_rules()
    {
        Assert.Equal(JobLimits.MaxInstances, (int)Schema["properties"]!["instances"]!["maximum"]!);
        Assert.Equal(JobLimits.MinPriority, (int)Schema["properties"]!["priority"]!["minimum"]!);
        Assert.Equal(CronMachine.MaxCatchUp, (int)Schema["properties"]!["catch-up"]!["anyOf"]![1]!["maximum"]!);
        Assert.Equal(JobLimits.MaxPriority, (int)Schema["properties"]!["priority"]!["maximum"]!);
        var resources = Schema["properties"]!["task"]!["properties"]!["resources"]!;
        Assert.Equal(JobLimits.MaxPorts, (int)resources["properties"]!["ports"]!["maxItems"]!);
        Assert.Equal(JobLimits.MaxConstraints, (int)Schema["properties"]!["constraints"]!["maxItems"]!);
    }

    [Fact]
    public void The_defaults_of_the_schema_are_those_of_the_reader()
    {
        var minimal = JsonNode.Parse("""{"job":"a","role":"b","env":"c","type":"service","task":{"command":["x"]}}""")!;
        var expected = Read(minimal);
        Assert.All(Defaults(Schema, []), field =>
        {
            if (field.Path is ["timezone" or "collision" or "catch-up" or "jitter"]) return;
            if (field.Path is ["sla", ..] or ["task", "processes" or "artifacts", ..]) return;
            var document = minimal.DeepClone();
            var withHealth = field.Path is ["task", "health", ..];
            if (withHealth) document["task"]!["health"] = JsonNode.Parse("""{"http":{"port":"http"}}""");
            if (withHealth) document["task"]!["resources"] = JsonNode.Parse("""{"ports":["http"]}""");
            var baseline = withHealth ? Read(document) : expected;
            var section = document;
            foreach (var name in field.Path[..^1]) section = section[name] ??= new JsonObject();
            section[field.Path[^1]] = field.Value.DeepClone();
            Assert.Equal(baseline, Read(document));
        });
    }

    [Fact]
    public void Every_example_conforms() =>
        Assert.All(JobExamples.Names, name => AssertConforms(JobFile.Parse(JobExamples.Read(name)!).Value[0]));

    [Fact]
    public void Every_generated_spec_conforms() => CsCheck.Check.Sample(JobGen.Job, AssertConforms, iter: 300);

    [Theory]
    [InlineData("instances", "0")]
    [InlineData("instances", "\"3\"")]
    [InlineData("type", "\"servce\"")]
    [InlineData("job", "\"../x\"")]
    [InlineData("replicas", "1")]
    [InlineData("task", "{}")]
    [InlineData("task", "{\"command\":\"x\",\"resources\":{\"memory\":\"256\"}}")]
    [InlineData("task", "{\"command\":\"x\",\"env\":{\"LD_PRELOAD\":\"x\"}}")]
    [InlineData("task", "{\"command\":\"x\",\"health\":{}}")]
    [InlineData("update", "{\"watch\":15}")]
    [InlineData("constraints", "[{\"a\":\"b\",\"c\":\"d\"}]")]
    [InlineData("retry", "{\"max-failures\":0}")]
    [InlineData("catch-up", "true")]
    [InlineData("catch-up", "101")]
    [InlineData("jitter", "30")]
    public void The_schema_refuses_what_the_reader_refuses(string field, string value)
    {
        var document = JsonNode.Parse("""{"job":"a","role":"b","env":"c","type":"batch","task":{"command":["x"]}}""")!;
        Assert.Empty(SchemaCheck.Check(Schema, document));
        document[field] = JsonNode.Parse(value);
        Assert.NotEmpty(SchemaCheck.Check(Schema, document));
        Assert.NotNull(JobFile.Parse(document.ToJsonString()).Problem);
    }

    private static void AssertConforms(JobSpec spec)
    {
        var json = JobFile.WriteJson(spec);
        Assert.True(SchemaCheck.Check(Schema, JsonNode.Parse(json)) is [],
            json + string.Join('\n', SchemaCheck.Check(Schema, JsonNode.Parse(json))));
    }

    private static JobSpec Read(JsonNode document)
    {
        var answer = JobFile.Parse(document.ToJsonString());
        Assert.Empty(answer.Problem?.Errors ?? []);
        return answer.Value[0];
    }

    private static IEnumerable<string> Words(string field) =>
        Schema["properties"]![field]!["enum"]!.AsArray().Select(word => (string)word!);

    private static void Collect(JsonNode node, string path, Dictionary<string, string[]> sections)
    {
        if (node["properties"] is JsonObject properties)
        {
            sections[path] = [.. properties.Select(field => field.Key)];
            foreach (var (name, field) in properties) Collect(field!, path.Length == 0 ? name : $"{path}.{name}", sections);
        }

        if (node["items"] is JsonObject items) Collect(items, path + "[]", sections);
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject @object => @object.SelectMany(field => Objects(field.Value)).Prepend(@object),
        JsonArray array => array.SelectMany(Objects),
        _ => [],
    };

    private static IEnumerable<(string[] Path, JsonNode Value)> Defaults(JsonNode node, string[] path)
    {
        if (node["default"] is { } value) yield return (path, value);
        if (node["properties"] is not JsonObject properties) yield break;
        foreach (var found in properties.SelectMany(field => Defaults(field.Value!, [.. path, field.Key]))) yield return found;
    }
}
