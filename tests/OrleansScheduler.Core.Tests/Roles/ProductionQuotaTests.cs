using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class ProductionQuotaTests
{
    private static readonly JobKey Web = new("shop", "prod", "web");
    private static readonly JobKey Api = new("shop", "prod", "api");
    private static readonly Quota FourCores = new() { Production = new(4000, 4096, 4096, null) };
    private readonly ProductionBook _book = new();
    private readonly Dictionary<string, Quota> _quotas = new() { ["shop"] = FourCores };
    private readonly JobFixture _job = new();

    [Fact]
    public void P14_what_a_role_may_not_have_is_refused_with_the_numbers()
    {
        Assert.Null(Admit(Web, Cores(3)));
        var problem = Admit(Api, Cores(2))!;
        Assert.Equal(("quota-insufficient", ProblemKind.Conflict), (problem.Code, problem.Kind));
        Assert.Contains("CPU quota exceeded by 1 cores (limit 4 cores, used by others 3 cores, asked for 2 cores)", problem.Message);
        Assert.Equal(Cores(3), _book.Of("shop"));
        Assert.Null(Admit(Api, Cores(1)));
    }

    [Fact]
    public void P14_only_preferred_tasks_off_dedicated_nodes_count()
    {
        var spec = Spec(2, cpu: 1000);
        Assert.Equal(Cores(2), ProductionUse.Of(spec));
        Assert.Equal(Resources.None, ProductionUse.Of(spec with { Tier = Tier.Preemptible }));
        Assert.Equal(Resources.None, ProductionUse.Of(spec with { Constraints = [new Constraint.Value("dedicated", ["shop/db"], false)] }));
    }

    [Fact]
    public void P14_an_update_counts_the_larger_of_both_its_ends()
    {
        _job.Run(Spec(1, cpu: 1000));
        Assert.Equal(Cores(3), ProductionUse.After(_job.State, Spec(1, cpu: 3000)));
        _job.Do(r => r.Submit("op-2", Spec(1, cpu: 3000), null, "me").Outcome("updating"));
        Assert.Equal(Cores(3), ProductionUse.Of(_job.State));
        Assert.Equal(Cores(3), ProductionUse.After(_job.State, Spec(1, cpu: 500)));
    }

    [Fact]
    public void P14_what_has_ended_or_was_stopped_counts_no_more()
    {
        _job.Run(Spec(2, cpu: 1000) with { Type = JobType.Batch });
        _job.Place();
        _job.Report(0, Finished, 1, exitCode: 0);
        Assert.Equal(Cores(1), ProductionUse.Of(_job.State));
        _job.Do(r => r.Stop("op-2", [], "me"));
        Assert.Equal(Cores(1), ProductionUse.Of(_job.State));
        _job.Report(1, Killed, 1);
        Assert.Equal(Resources.None, ProductionUse.Of(_job.State));
    }

    [Fact]
    public void An_environment_and_the_roles_above_have_quotas_of_their_own()
    {
        _quotas["shop:prod"] = new() { Production = new(1000, 4096, 4096, null) };
        Assert.Contains("of shop:prod:", Admit(Web, Cores(2))!.Message);
        Assert.Null(Admit(new("shop", "test", "web"), Cores(2)));
        Assert.Contains("of shop:", Admit(new("shop.eu", "test", "web"), Cores(3))!.Message);
        Assert.Null(Admit(new("shop.eu", "test", "web"), Cores(2)));
        Assert.Null(Admit(new("shopping", "prod", "web"), Cores(9)));
    }

    [Fact]
    public void Who_wants_less_than_before_always_may_and_a_quota_below_use_is_a_doubt()
    {
        _quotas.Clear();
        Assert.Null(Admit(Web, Cores(8)));
        _quotas["shop"] = FourCores;
        Assert.Null(Admit(Web, Cores(6)));
        Assert.NotNull(Admit(Web, Cores(7)));
        var below = _book.Check("shop", FourCores)!;
        Assert.Equal(("quota-below-use", ProblemKind.Conflict), (below.Code, below.Kind));
    }

    [Fact]
    public void A_production_quota_names_all_three_resources()
    {
        Assert.Equal("quota-production-incomplete", new Quota { Production = new(1, 1, null, null) }.Check()!.Code);
        Assert.Equal("quota-production-incomplete", new Quota { Production = new(1, 1, 1, 1) }.Check()!.Code);
        Assert.Equal("quota-negative", new Quota { Production = new(1, -1, 1, null) }.Check()!.Code);
        Assert.Equal("quota-environment", _book.Check("shop:prod", new Quota { Limit = new(1, null, null, null) })!.Code);
        Assert.Null(FourCores.Check());
    }

    [Theory]
    [InlineData("shop:prod", "shop:prod")]
    [InlineData("eng.web:prod", "eng/web:prod")]
    [InlineData("eng.web", "eng/web")]
    public void Environments_of_roles_are_written_behind_a_colon(string text, string path)
    {
        Assert.True(RoleText.TryRead(text, out var read));
        Assert.Equal(path, read);
    }

    private static Resources Cores(int cores) => new(cores * 1000, 0, 0, 0);

    private JobSpec Spec(int instances, long cpu) => _job.AService(instances) with
    {
        Tier = Tier.Preferred,
        Task = new TaskSpec { Command = ["run"], Resources = new(cpu, 0, 0, 1000) },
    };

    private Problem? Admit(JobKey job, Resources use) => _book.Admit(job, use, _quotas.GetValueOrDefault);
}
