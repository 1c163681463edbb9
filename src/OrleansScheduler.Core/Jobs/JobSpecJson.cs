using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

internal sealed class JobSpecJsonConverter : JsonConverter<JobSpec>
{
    public override JobSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, JobSpec value, JsonSerializerOptions options) => throw new NotSupportedException();
}

internal sealed class TaskSpecJsonConverter : JsonConverter<TaskSpec>
{
    public override TaskSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, TaskSpec value, JsonSerializerOptions options) => throw new NotSupportedException();
}
