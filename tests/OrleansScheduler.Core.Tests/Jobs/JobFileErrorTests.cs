using System.Text;

namespace OrleansScheduler.Core.Tests;

/// <summary>Bad input, a row per rule: what is written wrong, and the code, path and place of the answer.</summary>
public sealed partial class JobFileErrorTests
{
    [Theory]
    [MemberData(nameof(Rows))]
    public void A_broken_rule_is_named_with_the_path_and_the_place(int line, string text, string expected)
    {
        var lines = Base.Split('\n');
        lines[line - 1] = text;

        Assert.Equal(expected, Errors(string.Join('\n', lines)));
    }

    [Fact]
    public void The_file_that_the_rows_break_is_valid() => Assert.Null(JobFile.Parse(Base).Problem);

    [Theory]
    [InlineData("")]
    [InlineData(" \n\n")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n---\n")]
    [InlineData("\uFEFF")]
    [InlineData("null")]
    public void An_empty_file_needs_a_body(string file)
    {
        Assert.Equal("body-required  0:0", Errors(file));
        Assert.Equal(ProblemKind.Malformed, JobFile.Parse(file).Problem?.Kind);
    }

    [Theory]
    [InlineData("{\"job\": \"web\"", "syntax  1:14")]
    [InlineData("{\"job\": \"web\",}", "syntax  1:15")]
    [InlineData("{\"job\": \"web\"\n  \"role\"", "syntax  2:3")]
    [InlineData("{\"job\": \"\\ud800\"}", "invalid-utf8 job 1:9")]
    [InlineData("{\"job\": 1, \"job\": 2}", "duplicate-key job 1:12")]
    [InlineData("job: \"\\ud800\"", "syntax  1:6")]
    [InlineData("job: [a", "syntax  1:8")]
    [InlineData("job: web\n\trole: x", "syntax  2:1")]
    [InlineData("job: web\n  role: x", "syntax  2:7")]
    [InlineData("a: &x [*x]", "syntax a[0] 1:8")]
    [InlineData("job: a\0b", "control-character  1:7")]
    [InlineData("job: a\n# \u001b[31m", "control-character  2:3")]
    public void A_file_that_cannot_be_read_says_where(string file, string expected)
    {
        Assert.Contains(expected, Errors(file).Split("; "));
    }

    [Theory]
    [InlineData("just text", "type-mismatch  1:1")]
    [InlineData("[1]", "type-mismatch  1:1")]
    [InlineData("- a", "type-mismatch  1:1")]
    public void A_document_that_is_not_fields_is_refused(string file, string expected) => Assert.Equal(expected, Errors(file));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused_with_their_place()
    {
        var problem = JobFile.Parse((byte[])[.. "job: web\nrole: é"u8, 0xC3, 0x28]).Problem;
        Assert.Equal(new FieldError("invalid-utf8", "", problem!.Errors[0].Message, 2, 8, 0), Assert.Single(problem.Errors));
        Assert.Equal("invalid-utf8", problem.Code);
    }

    [Fact]
    public void A_file_of_more_than_a_MiB_is_too_large()
    {
        var problem = JobFile.Parse(new byte[JobLimits.MaxFileBytes + 1]).Problem;
        Assert.Equal((ProblemKind.TooLarge, "file-too-large"), (problem!.Kind, problem.Code));
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    [InlineData("{a: ", "}")]
    public void Nesting_beyond_the_limit_is_refused_however_deep(string open, string close)
    {
        foreach (var depth in (int[])[65, 100, 10_000, 100_000])
        {
            var file = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
            Assert.Contains("too-deep", Errors(file));
        }
    }

    [Fact]
    public void Aliases_that_stand_for_too_many_values_are_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) bomb.AppendLine($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        Assert.Contains("too-many-aliases", Errors(bomb.ToString()));
    }

    [Fact]
    public void A_file_has_at_most_a_hundred_documents()
    {
        var documents = Enumerable.Range(0, 101).Select(i => Base.Replace("job: web", $"job: web{i}"));
        Assert.StartsWith("too-many-documents", Errors(string.Join("\n---\n", documents)));
        Assert.Equal(100, JobFile.Parse(string.Join("\n---\n", documents.Take(100))).Value.Length);
    }

    [Fact]
    public void The_errors_of_all_documents_are_reported_with_their_document()
    {
        string[] documents =
        [
            Base.Replace("instances: 2", "instances: 0"),
            Base.Replace("job: web", "job: other"),
            Base.Replace("job: web", "job: third").Replace("priority", "prioritty"),
        ];
        var file = string.Join("\n---\n", documents);
        var problem = JobFile.Parse(file).Problem!;
        Assert.Equal([("below-minimum", 5, 0), ("unknown-field", 36, 2)],
            problem.Errors.Select(error => (error.Code, error.Line, error.Document)));
        Assert.Equal((ProblemKind.Invalid, "job-file-invalid"), (problem.Kind, problem.Code));
    }

    [Fact]
    public void A_job_stands_in_a_file_once() => Assert.Equal("duplicate-job job 16:6", Errors(Base + "\n---\n" + Base));

    [Fact]
    public void The_list_of_errors_has_an_end()
    {
        var file = Base + "\n" + string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"unknown{i}: 1"));
        var problem = JobFile.Parse(file).Problem!;
        Assert.Equal(JobLimits.MaxErrors + 1, problem.Errors.Length);
        Assert.Contains(problem.Errors, error => error.Code == "too-many-errors");
    }

    [Fact]
    public void An_argument_has_the_length_that_the_system_can_pass()
    {
        var longest = new string('x', JobLimits.MaxArgumentBytes);
        Assert.Null(JobFile.Parse(Base.Replace("\"60\"", $"\"{longest}\"")).Problem);
        Assert.Equal("arg-too-long task.command[1] 9:20", Errors(Base.Replace("\"60\"", $"\"{longest}x\"")));
        var wide = new string('é', (JobLimits.MaxArgumentBytes / 2) + 1);
        Assert.Equal("arg-too-long task.command[1] 9:20", Errors(Base.Replace("\"60\"", $"\"{wide}\"")));
        Assert.Equal("env-too-long task.env.A 10:12", Errors(Base.Replace("  # more of the task", $"  env: {{A: {longest}}}")));
    }

    [Theory]
    [InlineData("replcas: 2", "Did you mean 'instances'?", false)]
    [InlineData("replicas: 2", "Did you mean 'instances'?", true)]
    [InlineData("instnaces: 2", "Did you mean 'instances'?", true)]
    [InlineData("count: 2", "Did you mean 'instances'?", true)]
    [InlineData("maxFailures: 2", "'maxFailures'", true)]
    [InlineData("cpu: 2", "'cpu' stands under 'task.resources'.", true)]
    [InlineData("mem: 2", "'memory' stands under 'task.resources'.", true)]
    [InlineData("catchUp: true", "Did you mean 'catch-up'?", true)]
    [InlineData("zzzzzzzzzz: 2", "Known here: job, role, env,", true)]
    [InlineData("<<: {}", "merge keys", true)]
    public void An_unknown_field_comes_with_what_was_meant(string field, string hint, bool isHinted)
    {
        var message = Assert.Single(JobFile.Parse(Base.Replace("# more fields", field)).Problem!.Errors).Message;
        Assert.Equal(isHinted, message.Contains(hint, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("type: service", "type: srvice", "Did you mean 'service'?")]
    [InlineData("memory: 256MiB", "memory: 256", "did you mean 256MiB?")]
    [InlineData("instances: 2", "instances: 2147483648", "at most 10000")]
    [InlineData("ports: [http]", "ports: [8080]", "the agent chooses the numbers")]
    [InlineData("# more fields", "constraints:\n  - zone: !c", "needs quotes")]
    [InlineData("job: web", "job: a/b", "1 to 64 characters of A-Z")]
    public void A_message_says_what_would_be_right(string right, string wrong, string hint) =>
        Assert.Contains(hint, Assert.Single(JobFile.Parse(Base.Replace(right, wrong)).Problem!.Errors).Message);

    [Fact]
    public void A_message_never_repeats_control_characters_or_endless_text()
    {
        var problem = JobFile.Parse("\"\\u001b[31m\\u202e" + new string('x', 500) + "\": 1").Problem!;
        Assert.All(problem.Errors, error =>
        {
            Assert.DoesNotContain('\u001b', error.Message + error.Path);
            Assert.DoesNotContain('\u202e', error.Message + error.Path);
            Assert.InRange(error.Message.Length, 1, 400);
        });
    }

    private static string Errors(string file) => string.Join(
        "; ", (JobFile.Parse(file).Problem?.Errors ?? []).Select(error => $"{error.Code} {error.Path} {error.Line}:{error.Column}"));
}
