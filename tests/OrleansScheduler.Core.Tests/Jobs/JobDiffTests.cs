namespace OrleansScheduler.Core.Tests;

public sealed class JobDiffTests
{
    private static readonly JobSpec Spec = new JobFixture().AService(3);

    [Fact]
    public void Equal_specs_do_not_differ() => JobGenSamples(spec => Assert.Empty(JobDiff.Between(spec, spec)));

    [Fact]
    public void Specs_that_differ_have_a_difference() => CsCheck.Check.Sample(
        CsCheck.Gen.Select(JobGen.Job, JobGen.Job),
        (a, b) => Assert.Equal(a.Equals(b), JobDiff.Between(a, b).IsEmpty), iter: 300);

    [Fact]
    public void A_difference_is_named_by_its_field_in_the_words_of_a_job_file()
    {
        var after = Spec with
        {
            Instances = 1,
            Priority = 5,
            Task = Spec.Task with { Command = ["run", "a b"], Resources = Spec.Task.Resources with { MemoryMiB = 2048 } },
            Constraints = [new Constraint.Spread("rack", 1)],
        };
        Assert.Equal(
            [
                new("priority", null, "5"),
                new("task.command", "[run]", "[run, \"a b\"]"),
                new("task.resources.memory", null, "2GiB"),
                new("constraints[0].rack", null, "\"spread 1\""),
                new("instances", "3", null),
            ],
            JobDiff.Between(Spec, after));
    }

    private static void JobGenSamples(Action<JobSpec> check) => CsCheck.Check.Sample(JobGen.Job, check, iter: 300);
}
