using System.Text;
using System.Text.Json;
using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class JobFilePropertyTests
{
    private static readonly byte[] Valid =
        Encoding.UTF8.GetBytes(JobExamples.Read(JobExamples.Service) + "---\n" + JobExamples.Read(JobExamples.Batch));
    private static readonly byte[] ValidJson = Encoding.UTF8.GetBytes(JobFile.WriteJson(JobFile.Parse(Valid).Value[0]));

    private static readonly string[] Snippets =
    [
        "\"", "'", "[", "]", "{", "}", ": ", "- ", "\n", "\n  ", "\t", "#", "&a ", "*a", "!t ", "|\n", ">-\n", "? ", "---\n", "...\n",
        "%YAML 1.2\n", "\\u0000", "\\ud800", "<<: ", "null", "~", "\0", "\uFEFF", "\u2028", "é",
    ];

    [Fact]
    public void A_generated_spec_keeps_the_rules() => JobGen.Job.Sample(spec => Assert.Empty(JobRules.Check(spec)), iter: 1000);

    [Fact]
    public void A_spec_written_as_YAML_reads_back_equal() =>
        JobGen.Job.Sample(spec => AssertReads(spec, JobFile.WriteYaml(spec)), iter: 1000);

    [Fact]
    public void A_spec_written_as_JSON_reads_back_equal() =>
        JobGen.Job.Sample(spec => AssertReads(spec, JobFile.WriteJson(spec)), iter: 1000);

    [Fact]
    public void JSON_is_YAML_and_reads_the_same_by_that_way_too() => JobGen.Job.Sample(
        spec => AssertReads(spec, "# a comment, so that this is not JSON\n" + JobFile.WriteJson(spec)), iter: 1000);

    [Fact]
    public void A_spec_on_the_wire_reads_back_equal() => JobGen.Job.Sample(
        spec => spec.Equals(OverTheWire(spec)), iter: 1000);

    [Fact]
    public void A_task_on_the_wire_reads_back_equal() => JobGen.Task.Sample(
        task => task.Equals(OverTheWire(task)), iter: 1000);

    [Fact]
    public void Random_bytes_are_always_answered() => Gen.Byte.Array[0, 200].Sample(AssertAnswers, iter: 5_000);

    [Fact]
    public void Random_marks_of_YAML_are_always_answered() =>
        JobGen.Pick(Snippets).Array[0, 40].Sample(snippets => AssertAnswers(Encoding.UTF8.GetBytes(string.Concat(snippets))), iter: 5_000);

    [Fact]
    public void A_valid_file_with_random_changes_is_always_answered()
    {
        var change = Gen.Select(Gen.Int[0, Valid.Length], Gen.Int[0, 20],
            Gen.OneOf(JobGen.Pick(Snippets).Select(Encoding.UTF8.GetBytes), Gen.Byte.Array[0, 3]));
        Gen.Select(JobGen.Pick(Valid, ValidJson), change.Array[1, 4]).Sample(
            (file, changes) =>
            {
                foreach (var (at, removed, added) in changes)
                {
                    var start = Math.Min(at, file.Length);
                    var end = Math.Min(start + removed, file.Length);
                    file = [.. file[..start], .. added, .. file[end..]];
                }

                AssertAnswers(file);
            },
            iter: 5_000);
    }

    private static T? OverTheWire<T>(T value) =>
        JsonSerializer.Deserialize<T>(JsonSerializer.SerializeToUtf8Bytes(value, WireJson.Options), WireJson.Options);

    private static void AssertReads(JobSpec spec, string file)
    {
        var answer = JobFile.Parse(file);
        Assert.True(answer.Problem is null, $"{answer.Problem?.Errors.FirstOrDefault()}\n{file}");
        Assert.True(spec.Equals(Assert.Single(answer.Value)), file);
    }

    /// <summary>Specs, or errors that say where; never an exception.</summary>
    private static void AssertAnswers(byte[] file)
    {
        var answer = JobFile.Parse(file);
        if (answer.Problem is not { } problem)
        {
            Assert.All(answer.Value, spec => Assert.Empty(JobRules.Check(spec)));
            return;
        }

        Assert.NotEmpty(problem.Errors);
        var lines = Encoding.UTF8.GetString(file).Split('\n', '\r', '\u0085', '\u2028', '\u2029').Length;
        Assert.All(problem.Errors, error =>
        {
            Assert.InRange(error.Line, 0, lines + 1);
            Assert.DoesNotContain(error.Message, char.IsControl);
            Assert.DoesNotContain(error.Path, char.IsControl);
        });
    }
}
