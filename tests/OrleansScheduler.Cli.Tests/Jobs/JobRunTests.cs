namespace OrleansScheduler.Cli.Tests;

public sealed class JobRunTests
{
    [Fact]
    public async Task A_job_file_is_sent_as_it_is()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Receipt, status: 201);
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile }, "job", "run", "-", "--operation", "mine", "--if-version", "4");
        Assert.Equal("JOB            VERSION  OUTCOME\nshop/prod/web  1        created\n", outcome.Output);
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(
            ("/v1/jobs", "mine", "\"4\"", Canned.JobFile, "application/yaml; charset=utf-8"),
            (request.PathAndQuery, request.OperationId, request.IfMatch, request.Body, request.ContentType));
    }

    [Fact]
    public async Task Parameters_go_with_the_file_and_the_last_of_equal_names_counts()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Receipt);
        await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile },
            "job", "run", "-", "--set", "tag=1.0 b", "--set", "n=1", "--set", "n=a=b");
        Assert.Equal("/v1/jobs?set=n%3Da%3Db&set=tag%3D1.0%20b", Assert.Single(gateway.Seen).PathAndQuery);
    }

    [Fact]
    public async Task A_parameter_without_a_value_is_a_usage_error()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Receipt);
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile }, "job", "run", "-", "--set", "tag");
        Assert.Equal(2, outcome.Code);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task Json_on_standard_input_is_sent_as_json()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Receipt);
        await CommandLine.RunAsync(gateway, new Surroundings { Input = "\n {\"job\": \"web\"}" }, "job", "run", "-");
        Assert.Equal("application/json; charset=utf-8", Assert.Single(gateway.Seen).ContentType);
    }

    [Fact]
    public async Task Errors_name_file_line_column_path_and_code()
    {
        await using var gateway = await StubGateway.WithProblemAsync(
            422, "invalid-job", "2 fields are wrong.",
            new FieldError("below-minimum", "instances", "must be at least 1, is 0", 3, 12, 0),
            new FieldError("required", "task", "is missing", 0, 0, 1));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Canned.JobFile, TestContext.Current.CancellationToken);
        var outcome = await CommandLine.RunAsync(gateway, "job", "run", file);
        Assert.Equal(2, outcome.Code);
        Assert.Equal(
            $"{file}:3:12: instances: must be at least 1, is 0 [below-minimum]\n{file}: task: is missing [required]\n", outcome.Error);
        File.Delete(file);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_not_sent()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Receipt);
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = new string('#', JobLimits.MaxFileBytes + 1) }, "job", "run", "-");
        Assert.Equal(2, outcome.Code);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task A_file_that_does_not_exist_is_bad_input()
    {
        var outcome = await CommandLine.RunAsync("job", "run", "no-such-file.yaml");
        Assert.Equal((2, "osched: There is no file no-such-file.yaml. [no-such-file]\n"), (outcome.Code, outcome.Error));
    }

    [Fact]
    public async Task Init_writes_a_file_and_does_not_overwrite_it()
    {
        var directory = Directory.CreateTempSubdirectory("osched-init");
        var file = Path.Combine(directory.FullName, "job.yaml");
        Assert.Equal(0, (await CommandLine.RunAsync("job", "init", file, "--type", "batch")).Code);
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("type: batch", text);
        var again = await CommandLine.RunAsync("job", "init", file);
        Assert.Equal(2, again.Code);
        Assert.Contains("--force", again.Error);
        Assert.Equal(text, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await CommandLine.RunAsync("job", "init", file, "--force")).Code);
        directory.Delete(recursive: true);
    }
}
