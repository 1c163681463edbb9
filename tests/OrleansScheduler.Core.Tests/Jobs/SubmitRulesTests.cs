namespace OrleansScheduler.Core.Tests;

/// <summary>A plan says what a submit then does.</summary>
public sealed class SubmitRulesTests
{
    [Fact]
    public void What_is_foretold_from_the_view_is_what_comes_of_the_submit()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var job = new JobFixture(seed);
            var type = random.GetItems(Enum.GetValues<JobType>(), 1)[0];
            job.Run(Typed(job.AService(2), type));
            Go(job, random);
            if (random.Next(3) == 0) job.Do(r => r.Submit("op-before", Another(job, random, type), null, "me"));
            if (random.Next(3) == 0) job.Do(r => r.Stop("op-stop", [], "me"));
            if (random.Next(3) == 0) job.Do(r => r.Cron("op-cron", CronVerb.Stop, "me"));
            Go(job, random);

            var next = Another(job, random, random.Next(5) == 0 ? random.GetItems(Enum.GetValues<JobType>(), 1)[0] : type);
            var view = JobDescription.Describe(job.State);
            var foretold = SubmitRules.Judge(JobStanding.Of(view), next);
            job.Do(r =>
            {
                var came = r.Submit("op-next", next, null, "me");
                if (foretold.Problem is { Code: "update-in-progress" } && view.Version != view.Update?.ToVersion) return;
                Assert.True((foretold.Value, foretold.Problem?.Code) == (came.Value?.Outcome, came.Problem?.Code),
                    $"seed {seed}: {foretold} is not {came}");
            });
        }
    }

    private static void Go(JobFixture job, Random random)
    {
        job.Advance(TimeSpan.FromMinutes(1));
        job.Do(_ => { });
        for (var step = 0; step < random.Next(8) && job.State.Tasks.Count > 0; step++) job.Step(random, failureRate: 0.3);
    }

    private static JobSpec Typed(JobSpec spec, JobType type) => spec with
    {
        Type = type,
        Schedule = type == JobType.Cron ? new("* * * * *", "UTC", CronCollision.CancelNew) : null,
    };

    private static JobSpec Another(JobFixture job, Random random, JobType type)
    {
        var spec = Typed(job.AService(random.Next(1, 3)), type);
        return random.Next(2) == 0 ? spec : spec with { Task = spec.Task with { Command = ["run", "again"] } };
    }
}
