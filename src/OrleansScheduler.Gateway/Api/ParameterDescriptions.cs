using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace OrleansScheduler.Gateway;

/// <summary>
/// What the parameters mean, by name: the same name means the same everywhere. Endpoints take them as text, so that a wrong one is
/// answered by name.
/// </summary>
internal static class ParameterDescriptions
{
    private static readonly Dictionary<string, (string Description, JsonSchemaType Type, long? Least, long? Most)> Known = new()
    {
        ["role"] = ("Who owns jobs and has quota; a '.' separates the levels of a role.", JsonSchemaType.String, null, null),
        ["cpuMillis"] = ("Thousandths of a core.", JsonSchemaType.Integer, 0, BodyFindings.MaxAmount),
        ["memoryMiB"] = ("Memory in MiB.", JsonSchemaType.Integer, 0, BodyFindings.MaxAmount),
        ["diskMiB"] = ("Disk in MiB.", JsonSchemaType.Integer, 0, BodyFindings.MaxAmount),
        ["gpuMillis"] = ("Thousandths of a GPU.", JsonSchemaType.Integer, 0, BodyFindings.MaxAmount),
        ["env"] = ($"The stage that it runs in: {JobKey.PartRule}.", JsonSchemaType.String, null, null),
        ["name"] = ($"The job's own name: {JobKey.PartRule}.", JsonSchemaType.String, null, null),
        ["instance"] = ("Which instance of the job.", JsonSchemaType.Integer, 0, JobLimits.MaxInstances - 1),
        ["id"] = ("The node's id.", JsonSchemaType.String, null, null),
        ["job"] = ("Only tasks of this job: role/env/name.", JsonSchemaType.String, null, null),
        ["status"] = ("Only tasks in one of these statuses, separated by commas.", JsonSchemaType.String, null, null),
        ["node"] = ("Only tasks whose latest attempt is on this node.", JsonSchemaType.String, null, null),
        ["limit"] = ("Most items (or bytes, of output) wanted.", JsonSchemaType.Integer, 1, null),
        ["page"] = ("The token that the page before gave as 'next'.", JsonSchemaType.String, null, null),
        ["from"] = ("First instance wanted.", JsonSchemaType.Integer, 0, JobLimits.MaxInstances - 1),
        ["stream"] = ("stdout (default) or stderr.", JsonSchemaType.String, null, null),
        ["process"] = ("Which process, of a task that has several.", JsonSchemaType.String, null, null),
        ["attempt"] = ("Which attempt; the latest that has a node when left out.", JsonSchemaType.Integer, 1, null),
        ["offset"] = ("First byte wanted; negative counts from the end.", JsonSchemaType.Integer, null, null),
        ["follow"] = ("Whether to go on until the attempt has ended.", JsonSchemaType.Boolean, null, null),
        ["after"] = ("The cursor to go on behind; the oldest event still held when left out.", JsonSchemaType.String, null, null),
        ["wait"] = ("How long to wait for the first event, such as 15s; at most 60s.", JsonSchemaType.String, null, null),
        ["window"] = ("How far back to look, such as 1h; at most 30d. Default 1m.", JsonSchemaType.String, null, null),
        ["set"] = ("Value of a parameter of the file, as name=value; may be given several times.", JsonSchemaType.Array, null, null),
        ["expression"] = ("A schedule: five fields as in a crontab, or six with seconds first.", JsonSchemaType.String, null, null),
        ["timezone"] = ("IANA name of the schedule's time zone; UTC when left out.", JsonSchemaType.String, null, null),
        ["count"] = ("How many of the next runs are wanted.", JsonSchemaType.Integer, 1, CronExplanation.MaxCount),
        ["path"] = ("Where it lies, from the task's sandbox; the sandbox itself when left out.", JsonSchemaType.String, null, null),
        ["command"] = ("A word of the command, the program first; given once for each word.", JsonSchemaType.Array, null, null),
        ["terminal"] = ("What kind of terminal the command gets, such as xterm; none when left out.", JsonSchemaType.String, null, null),
        ["rows"] = ("Lines of the terminal.", JsonSchemaType.Integer, 1, 9999),
        ["columns"] = ("Columns of the terminal.", JsonSchemaType.Integer, 1, 9999),
        ["watch"] = ("Whether to stream events for ever.", JsonSchemaType.Boolean, null, null),
    };

    /// <summary>Where a name means something else.</summary>
    private static readonly Dictionary<(string Operation, string Name), (string Description, JsonSchemaType Type, long? Least, long? Most)>
        Exceptions = new()
        {
            [("DiffVersions", "from")] = ("The older version; the one before 'to' when left out.", JsonSchemaType.Integer, 1, null),
            [("DiffVersions", "to")] = ("The newer version; the job's own when left out.", JsonSchemaType.Integer, 1, null),
            [("ExplainSchedule", "from")] =
                ($"The runs behind this moment are wanted, now when left out: {MomentText.Rule}.", JsonSchemaType.String, null, null),
        };

    public static void Apply(OpenApiParameter parameter, string? operation)
    {
        var known = Exceptions.TryGetValue((operation ?? "", parameter.Name!), out var special) ? special : Known[parameter.Name!];
        var (description, type, least, most) = known;
        parameter.Description = description;
        parameter.Schema = new OpenApiSchema
        {
            Type = type,
            Minimum = Text(least),
            Maximum = Text(most),
            Items = type == JsonSchemaType.Array ? new OpenApiSchema { Type = JsonSchemaType.String } : null,
        };
    }

    public static void AddHeaders(OpenApiOperation operation)
    {
        if (operation.OperationId is "ValidateJobs" or "PlanJobs" or "AskWhatIf") return;
        operation.Parameters ??= [];
        operation.Parameters.Add(Header(
            "Idempotency-Key", "Names the operation: repeating it with the same key repeats the answer. Made up and echoed when left out.",
            "6f1c2c1e"));
        if (operation.OperationId is "SubmitJobs" or "RollbackJob")
            operation.Parameters.Add(Header(
                "If-Match", "The version that the job is expected to have; refused with 412 when it has another.", "\"3\""));
    }

    private static OpenApiParameter Header(string name, string description, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Examples = [JsonValue.Create(example)] },
    };

    private static string? Text(long? bound) => bound?.ToString(CultureInfo.InvariantCulture);
}
