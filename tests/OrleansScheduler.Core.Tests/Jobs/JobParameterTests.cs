using System.Text;

namespace OrleansScheduler.Core.Tests;

public sealed class JobParameterTests
{
    private const string File = """
        parameters: { tag: "1.0", count: 2, size: 64 }
        job: web
        role: shop
        env: test
        type: service
        instances: ${count}
        task:
          command: ["serve", "--tag=${tag}", "$${tag}", "${HOME}", "${X:-${count}}"]
          env: { TAG: "${tag}" }
          resources: { memory: "${size}MiB" }
        """;

    [Fact]
    public void Defaults_replace_what_is_declared_and_nothing_else()
    {
        var spec = Read(File);
        Assert.Equal(2, spec.Instances);
        Assert.Equal(["serve", "--tag=1.0", "${tag}", "${HOME}", "${X:-2}"], spec.Task.Command);
        Assert.Equal("1.0", spec.Task.Env["TAG"]);
        Assert.Equal(64, spec.Task.Resources.MemoryMiB);
    }

    [Fact]
    public void What_is_set_wins()
    {
        var spec = Read(File, ("count", "7"), ("tag", "a b"));
        Assert.Equal(7, spec.Instances);
        Assert.Equal("--tag=a b", spec.Task.Command[1]);
    }

    [Theory]
    [InlineData("parameters: { tag: }", "parameter-required")]
    [InlineData("parameters: { TAG: x }", "parameter-name")]
    [InlineData("parameters: { tag: [a] }", "type-mismatch")]
    [InlineData("parameters: [tag]", "type-mismatch")]
    public void What_is_wrong_with_parameters_is_said(string parameters, string code) =>
        Assert.Contains(Errors(File.Replace("parameters: { tag: \"1.0\", count: 2, size: 64 }", parameters)), error => error.Code == code);

    [Fact]
    public void A_value_of_the_wrong_type_is_an_error_of_the_field_that_it_stands_in()
    {
        var error = Assert.Single(Errors(File, ("count", "many")));
        Assert.Equal(("type-mismatch", "instances", 6), (error.Code, error.Path, error.Line));
    }

    [Fact]
    public void Setting_what_no_document_declares_is_refused() =>
        Assert.Equal("parameter-unknown", Assert.Single(Errors(File, ("tga", "2"))).Code);

    [Fact]
    public void Replacements_cannot_make_a_document_huge()
    {
        var many = string.Join(", ", Enumerable.Repeat("\"${tag}\"", 20_000));
        var file = File.Replace("\"serve\"", many).Replace("\"1.0\"", $"\"{new string('x', 1000)}\"");
        Assert.Contains(Errors(file), error => error.Code == "file-too-large");
    }

    private static Answer<ImmutableArray<JobSpec>> Parse(string file, (string Name, string Value)[] set) =>
        JobFile.Parse(Encoding.UTF8.GetBytes(file), set.ToDictionary(pair => pair.Name, pair => pair.Value));

    private static JobSpec Read(string file, params (string Name, string Value)[] set) => Parse(file, set).Value.Single();

    private static ImmutableArray<FieldError> Errors(string file, params (string Name, string Value)[] set) =>
        Parse(file, set).Problem!.Errors;
}
