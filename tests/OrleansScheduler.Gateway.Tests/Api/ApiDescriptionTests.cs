using System.Runtime.CompilerServices;

namespace OrleansScheduler.Gateway.Tests;

public sealed class ApiDescriptionTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    /// <summary>Set to record the document anew instead of comparing: then review the difference.</summary>
    private const string RecordVariable = "OSCHED_RECORD";

    [Fact]
    public async Task The_committed_document_is_the_served_one()
    {
        var served = await fixture.Http.GetStringAsync("/openapi/v1.json");
        var path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../src/OrleansScheduler.Gateway/openapi.v1.json");
        if (Environment.GetEnvironmentVariable(RecordVariable) is not null) await File.WriteAllTextAsync(path, served.TrimEnd() + "\n");
        var committed = await File.ReadAllTextAsync(path);
        Assert.True(
            JsonElement.DeepEquals(JsonElement.Parse(served), JsonElement.Parse(committed)),
            $"the interface has changed: record it with {RecordVariable}=1 and review");
    }

    [Fact]
    public async Task Every_operation_has_a_name_a_tag_a_summary_and_its_problems()
    {
        var document = JsonElement.Parse(await fixture.Http.GetStringAsync("/openapi/v1.json"));
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString());
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Select(item => item.Value).ToArray();
        Assert.Equal(56, operations.Length);
        Assert.Equal(
            operations.Length, operations.Select(operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations, operation =>
        {
            Assert.NotEmpty(operation.GetProperty("tags").EnumerateArray());
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            Assert.True(
                operation.GetProperty("responses").GetProperty("503").GetProperty("content")
                    .TryGetProperty("application/problem+json", out _));
        });
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
