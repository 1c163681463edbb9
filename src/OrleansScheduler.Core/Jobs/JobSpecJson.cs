using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>A job on the wire is its job file as JSON. Reading checks the form only: whether a job may run was decided when it was
/// submitted.</summary>
internal sealed class JobSpecJsonConverter : JsonConverter<JobSpec>
{
    public override JobSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SpecJson.Read(ref reader, static (root, errors) => new JobFileReader(errors).ReadJob(root));

    public override void Write(Utf8JsonWriter writer, JobSpec value, JsonSerializerOptions options) =>
        JobFilePrinter.Write(writer, JobFileWriter.Write(value));
}

/// <summary>A task on the wire is the <c>task:</c> section of a job file as JSON.</summary>
internal sealed class TaskSpecJsonConverter : JsonConverter<TaskSpec>
{
    public override TaskSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SpecJson.Read(ref reader, TaskFileReader.ReadTask);

    public override void Write(Utf8JsonWriter writer, TaskSpec value, JsonSerializerOptions options) =>
        JobFilePrinter.Write(writer, JobFileWriter.Write(value));
}

internal static class SpecJson
{
    public static T Read<T>(ref Utf8JsonReader reader, Func<JobFileNode, JobFileErrors, T?> read)
        where T : class
    {
        var errors = new JobFileErrors();
        var root = JobFileJson.Read(ref reader, errors);
        var spec = root is null ? null : read(root, errors);
        return spec is not null && errors.IsEmpty ? spec : throw new JsonException($"{errors.First.Path}: {errors.First.Message}");
    }
}
