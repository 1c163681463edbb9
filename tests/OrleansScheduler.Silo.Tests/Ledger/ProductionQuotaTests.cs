using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class ProductionQuotaTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-production-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task P14_more_than_a_roles_quota_is_refused_when_it_is_submitted_and_other_tiers_are_not()
    {
        await using var cell = await TestCell.Start(_directory);
        await SetQuota(cell, cpuMillis: 4000);
        Assert.Null((await cell.Submit(Service("web", 3), "op-1")).Problem);
        Assert.Equal("quota-insufficient", (await cell.Submit(Service("api", 2), "op-2")).Problem!.Code);
        Assert.Null(await cell.Job(Key("api")).Describe());
        Assert.Null((await cell.Submit(Service("api", 2) with { Tier = Tier.Preemptible }, "op-3")).Problem);
        Assert.Equal("quota-insufficient", (await cell.Job(Key("web")).Scale(new("op-4", 5, "me"))).Problem!.Code);
        Assert.Null((await cell.Job(Key("web")).Scale(new("op-5", 4, "me"))).Problem);
        Assert.Equal("quota-insufficient", (await cell.Submit(Service("one", 1), "op-6")).Problem!.Code);

        await cell.Job(Key("web")).Stop(new("op-7", [], "me"));
        await TestCell.Eventually(async () => (await cell.Submit(Service("one", 1), "op-8")).Problem is null, 20);
    }

    [Fact]
    public async Task S13_another_owner_of_the_ledger_lets_no_more_in_than_the_one_before()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var nodes = await Nodes.Start(cell, 2, _ => ScheduleStatus.Running);
        await SetQuota(cell, cpuMillis: 4000);
        await cell.Submit(Service("web", 3), "op-1");
        await cell.Until(Key("web"), v => v.Counts.GetValueOrDefault("RUNNING") == 3);
        await cell.MoveLedger();
        Assert.Equal("quota-insufficient", (await cell.Submit(Service("api", 2), "op-2")).Problem!.Code);
        Assert.Equal(new(3000, 192, 0, 0), await Production(cell));
    }

    [Fact]
    public async Task What_was_let_in_and_never_came_is_given_back()
    {
        await using var cell = await TestCell.Start(_directory);
        await SetQuota(cell, cpuMillis: 4000);
        Assert.Null(await cell.Ledger.Admit(Key("ghost"), new(3000, 192, 0, 0)));
        Assert.Equal(new(3000, 192, 0, 0), await Production(cell));
        await cell.MoveLedger();
        await TestCell.Eventually(async () => await Production(cell) == Resources.None, 20);
    }

    private static async Task<Resources> Production(TestCell cell) =>
        (await cell.Ledger.ListRoles()).Single(r => r.Role == "shop").Production;

    private static JobKey Key(string name) => new("shop", "prod", name);

    private static JobSpec Service(string name, int instances) => new()
    {
        Key = Key(name),
        Type = JobType.Service,
        Instances = instances,
        Tier = Tier.Preferred,
        Task = new TaskSpec { Command = ["run"], Resources = new(1000, 64, 0, 0) },
    };

    private static async Task SetQuota(TestCell cell, long cpuMillis)
    {
        var quota = new Quota { Production = new(cpuMillis, 4096, 4096, null) };
        var answer = await cell.Ledger.SetRole(new RoleCommand("op-quota", "shop", true, quota, null, Force: false, "me"));
        Assert.Null(answer.Problem);
    }
}
