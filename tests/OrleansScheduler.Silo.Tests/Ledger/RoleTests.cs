using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class RoleTests : IDisposable
{
    private static readonly JobKey Job = new("web", "prod", "site");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-roles-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_quota_limits_its_role_is_listed_and_survives_the_ledger()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await ANode(cell);
        var set = await cell.Ledger.SetRole(Limit("op-1", "web", cpu: 2000));
        Assert.Null(set.Value!.Warning);
        await cell.Submit(ASpec(3));
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 2);

        await cell.MoveLedger();
        await TestCell.Eventually(async () => await cell.Ledger.Explain(Job) is { Groups: [{ Held.Code: Reasons.QuotaLimit }] }, 20);
        var listed = Assert.Single(await cell.Ledger.ListRoles());
        Assert.Equal(("web", 2000, 2000, 1), (listed.Role, listed.Quota!.Limit.CpuMillis, listed.Consumed.CpuMillis, listed.Waiting));
        Assert.Equal(set.Value, (await cell.Ledger.SetRole(Limit("op-1", "web", cpu: 2000))).Value);
        Assert.Equal("idempotency-key-reused", (await cell.Ledger.SetRole(Limit("op-1", "web", cpu: 3000))).Problem!.Code);

        await cell.Ledger.SetRole(new RoleCommand("op-2", "web", true, null, 2.5, false, "me"));
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 3);
        Assert.Equal((null, 2.5), (await cell.Ledger.ListRoles()).Select(r => (r.Quota, r.Weight)).Single());
    }

    [Fact]
    public async Task A_quota_below_what_is_used_is_only_for_those_who_insist_and_bad_numbers_are_for_nobody()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await ANode(cell);
        await cell.Submit(ASpec(2));
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 2);

        Assert.Equal("quota-below-use", (await cell.Ledger.SetRole(Limit("op-1", "web", cpu: 1000))).Problem!.Code);
        var forced = (await cell.Ledger.SetRole(Limit("op-2", "web", cpu: 1000) with { Force = true })).Value!;
        Assert.Contains("more than the new limit", forced.Warning, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(await cell.Ledger.ListRoles()).Warning);
        Assert.Equal(2, (await cell.Job(Job).Describe())!.Counts["RUNNING"]);

        Assert.Equal("quota-negative", (await cell.Ledger.SetRole(Limit("op-3", "web", cpu: -1) with { Force = true })).Problem!.Code);
        Assert.Equal("role-invalid", (await cell.Ledger.SetRole(Limit("op-4", "web//x", cpu: 1))).Problem!.Code);
        Assert.Equal("weight-not-positive",
            (await cell.Ledger.SetRole(new RoleCommand("op-5", "web", false, null, 0, true, "me"))).Problem!.Code);
    }

    [Fact]
    public async Task What_is_set_aside_of_a_node_is_for_its_role_only_and_survives_the_ledger()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await ANode(cell);
        var reserve = new ReserveCommand("op-1", "n1", "db", new Resources(3000, 0, 0, 0), Release: false, "me");
        Assert.Null((await cell.Ledger.Reserve(reserve)).Problem);
        await cell.Submit(ASpec(2));
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 1);

        await cell.MoveLedger();
        Assert.Null((await cell.Ledger.Reserve(reserve)).Problem);
        var more = await cell.Ledger.Reserve(reserve with { OperationId = "op-2" });
        Assert.Equal("reservation-does-not-fit", more.Problem!.Code);
        Assert.Contains("is free there", more.Problem.Message, StringComparison.Ordinal);
        Assert.Equal("node-not-found", (await cell.Ledger.Reserve(reserve with { OperationId = "op-3", Node = "n9" })).Problem!.Code);
        var tooMuch = reserve with { OperationId = "op-4", Release = true, Amount = new Resources(3001, 0, 0, 0) };
        Assert.Equal("reservation-in-use", (await cell.Ledger.Reserve(tooMuch)).Problem!.Code);
        Assert.Equal(3000, (await cell.Ledger.ListRoles()).Single(r => r.Role == "db").Consumed.CpuMillis);
        Assert.Equal(1, (await cell.Job(Job).Describe())!.Counts["PENDING"]);

        Assert.Null((await cell.Ledger.Reserve(reserve with { OperationId = "op-5", Release = true })).Problem);
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
    }

    [Fact]
    public async Task What_if_answers_without_changing_anything()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await ANode(cell);
        await cell.Submit(ASpec(6));
        await cell.Until(Job, v => v.Counts.GetValueOrDefault("RUNNING") == 4);

        var change = new WhatIf { AddNodes = [new NodeTemplate(1, new Resources(8000, 4096, 4096, 0))] };
        var view = (await cell.Ledger.WhatIf(change)).Value!;
        Assert.Equal((4, 6, 2, 0), (view.Jobs[0].PlacedNow, view.Jobs[0].PlacedThen, view.Cell.WaitingNow, view.Cell.WaitingThen));
        Assert.True(view.Milliseconds > 0);
        Assert.Single(await cell.Ledger.ListNodes());
        Assert.Equal("node-not-found", (await cell.Ledger.WhatIf(new WhatIf { DrainNodes = ["n9"] })).Problem!.Code);
    }

    [Fact]
    public async Task A_job_that_wants_more_than_may_wait_is_told_so_and_gets_in_when_there_is_room()
    {
        await using var cell = await TestCell.Start(_directory, b => b.Configuration["Cell:Ledger:MaxWaitingPerRole"] = "3");
        await cell.Submit(ASpec(3));
        await TestCell.Eventually(async () => (await cell.Ledger.Summarise()).Pending == 3, 20);
        var second = Job with { Name = "second" };
        await cell.Submit(ASpec(1) with { Key = second });

        await TestCell.Eventually(async () =>
            (await cell.Ledger.Explain(second))?.Summary
                .Contains("3 of role web wait for nodes already", StringComparison.Ordinal) == true, 20);
        Assert.Equal(3, (await cell.Ledger.Summarise()).Pending);
        await using var node = await ANode(cell);
        await cell.Until(second, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        Assert.Equal("Nothing of web/prod/second waits for a node.", (await cell.Ledger.Explain(second))!.Summary);
    }

    [Fact]
    public async Task A_cell_with_settings_that_make_no_sense_does_not_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Microsoft.Extensions.Options.OptionsValidationException>(() =>
            TestCell.Start(_directory, b => b.Configuration["Cell:Ledger:HoldOneOf"] = "0"));
        Assert.Contains("HoldOneOf", failure.Message, StringComparison.Ordinal);
    }

    private static Task<SimulatedNode> ANode(TestCell cell) =>
        SimulatedNode.Start(cell, SimulatedNode.Describe("n1", cpu: 4000), _ => ScheduleStatus.Running);

    private static RoleCommand Limit(string operation, string role, long cpu) => new(
        operation, role, SetsQuota: true, new Quota { Limit = new ResourceLimit(cpu, null, null, null) }, null, Force: false, "me");

    private static JobSpec ASpec(int instances) => new()
    {
        Key = Job,
        Type = JobType.Service,
        Instances = instances,
        Task = new TaskSpec { Command = ["true"], Resources = new Resources(1000, 64, 0, 0) },
    };
}
