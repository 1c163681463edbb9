using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OrleansScheduler.Gateway;

/// <summary>The OpenAPI 3.1 document of the REST interface, made from the endpoints themselves.</summary>
internal static class ApiDescription
{
    private const string Document = "v1";

    public static void AddSchedulerApiDescription(this IServiceCollection services) => services.AddOpenApi(Document, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer(DescribeDocument);
        options.AddOperationTransformer(DescribeOperation);
        options.AddSchemaTransformer(DescribeSchema);
    });

    public static void MapApiDescription(this IEndpointRouteBuilder routes) =>
        routes.MapOpenApi("/openapi/{documentName}.json").DisableRequestTimeout().WithMetadata(NeedsNoCell.Mark);

    private static Task DescribeDocument(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "OrleansScheduler",
            Version = Document,
            Description = "Jobs, tasks and nodes of one cell. Every failure answers application/problem+json with a stable code.",
            License = new() { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };

        // The document is the same wherever it is served.
        document.Servers = [];
        return Task.CompletedTask;
    }

    private static Task DescribeOperation(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            ParameterDescriptions.Apply(parameter, operation.OperationId);
        if (context.Description.HttpMethod != HttpMethods.Get) ParameterDescriptions.AddHeaders(operation);
        return Task.CompletedTask;
    }

    /// <summary>Types whose form on the wire is not that of their properties.</summary>
    private static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(JobSpec))
            Replace(schema, JsonSchemaType.Object, "A document of a job file; its form is described at /schema/job.v1.json.");
        if (type == typeof(JobKey)) Replace(schema, JsonSchemaType.String, "A job key: role/env/name.", "shop/prod/web");
        if (type == typeof(InstanceSet))
        {
            Replace(schema, JsonSchemaType.Array, "Instances, as ranges such as 0-2 and numbers such as 5.");
            schema.Items = new OpenApiSchema { Type = JsonSchemaType.String };
        }

        if (type == typeof(ScheduleStatus))
            Replace(schema, JsonSchemaType.String, "A task's status, upper case.", Enum.GetValues<ScheduleStatus>());
        return Task.CompletedTask;
    }

    private static void Replace(OpenApiSchema schema, JsonSchemaType type, string description, string? example = null)
    {
        schema.Type = type;
        schema.Description = description;
        schema.Properties?.Clear();
        if (example is not null) schema.Examples = [JsonValue.Create(example)];
    }

    private static void Replace(OpenApiSchema schema, JsonSchemaType type, string description, ScheduleStatus[] values)
    {
        Replace(schema, type, description);
        schema.Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value.ToName())!)];
    }
}
