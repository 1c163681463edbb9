using System.Diagnostics;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>How long the parts of the ledger's turns take: what the limits in <see cref="CellOptions"/> were chosen by.</summary>
public sealed class LedgerTurnBench
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Theory(Explicit = true)]
    [InlineData(10_000, 100_000)]
    [InlineData(50_000, 500_000)]
    public void Turns_of_a_full_cell(int nodes, int tasks)
    {
        var ledger = Full(nodes, tasks);
        Report("capture", 20, () => ledger.Capture());
        var image = ledger.Capture();
        Report("restore", 3, () => image.Restore());
        var change = new WhatIf { AddNodes = [new NodeTemplate(100, new Resources(32_000, 131_072, 1_048_576, 0))] };
        Report("what-if", 3, () => image.Try(change, Start));
        Report("explain", 5, () => ledger.Explain(new JobKey("role-0", "prod", "j0"), Start));
        Report("snapshot", 3, () => LedgerChange.Everything(ledger, [], [], [], 0));
        Report("figures", 5, () => LedgerFigures.Of(ledger));
        Report("roles", 5, () => ledger.DescribeRoles());
        Report("nodes", 5, () => ledger.DescribeNodes());

        ledger.Apply(new LedgerEvent.Demanded(new("big", "prod", "preferred"), [ADemand(64, 24_000, Tier.Preferred)]));
        Measure("preemption", ledger, Start.AddSeconds(20), maxLooks: 400_000);
        ledger.Apply(new LedgerEvent.Demanded(new("big", "prod", "huge"), [ADemand(1, 32_000, Tier.Preferred) with { Gang = true }]));
        Measure("hold", ledger, Start.AddSeconds(60), maxLooks: 400_000);

        var claims = 0;
        Report("256 claims of 10 released and 10 wanted", 10, () => Claim(ledger, claims++));
        Measure("after the claims", ledger, Start, maxLooks: 400_000);

        // Empty again, then filled by many small groups of different shapes: the most expensive thing for the index.
        foreach (var (job, attempts) in Enumerable.Range(0, tasks / 1000).Select(i => Key(i)).Select(k => (k, ledger.HeldBy(k))))
            ledger.Apply(new LedgerEvent.Released(job, attempts));
        for (var i = 0; i < 2000; i++)
            ledger.Apply(new LedgerEvent.Demanded(new($"role-{i % 100}", "prod", $"s{i}"), [ADemand(20, 100 + i, Tier.Preemptible)]));
        Measure("shapes in turn", ledger, Start.AddSeconds(70), maxLooks: 400_000);
        ledger.Apply(new LedgerEvent.Demanded(new("one", "prod", "shape"), [ADemand(10_000, 100, Tier.Preemptible)]));
        Measure("one shape", ledger, Start.AddSeconds(80), maxLooks: 400_000);
    }

    /// <summary>As many jobs as a round takes up give ten nodes back and ask for ten others.</summary>
    private static void Claim(Ledger ledger, int turn)
    {
        var round = new LedgerRound(ledger, new HashSet<JobKey>(), new LedgerOperations(), new ProductionBook());
        for (var i = 0; i < 256; i++)
        {
            var job = Key(i % 100);
            var from = (turn * 30) + (i / 100 * 10);
            var (old, next) = (Attempts(from, number: 1), Attempts(from, number: 2));
            var demand = ADemand(10, 3000, Tier.Preemptible) with { Attempts = next };
            round.Settle(new JobClaim { Job = job, Released = old, Demands = [demand] });
        }

        _ = round.Conclude(ledger.Plan(Start, maxPlacements: 1));
    }

    private static ImmutableArray<AttemptRef> Attempts(int from, int number) =>
        [.. Enumerable.Range(from, 10).Select(instance => new AttemptRef(instance, number))];

    private static void Measure(string what, Ledger ledger, DateTimeOffset now, long maxLooks)
    {
        var rounds = new List<(double Ms, int Placed, int Preempted, long Looks)>();
        LedgerPlan plan;
        do
        {
            var started = Stopwatch.GetTimestamp();
            plan = ledger.Plan(now, 4096, maxLooks);
            rounds.Add((Stopwatch.GetElapsedTime(started).TotalMilliseconds, plan.Placed, plan.Preemptions.Length, plan.Looked));
        }
        while (plan.HasMore && rounds.Count < 1000);
        var sorted = rounds.Select(r => r.Ms).Order().ToList();
        Print($"{what}: {rounds.Count} rounds, p50 {sorted[sorted.Count / 2]:0.0} ms, max {sorted[^1]:0.0} ms, "
            + $"{rounds.Sum(r => r.Placed)} placed, {rounds.Sum(r => r.Preempted)} promised, {plan.Blocked} blocked, held {ledger.Held}, "
            + $"{rounds.Sum(r => r.Ms) * 1e6 / Math.Max(1, rounds.Sum(r => r.Looks)):0.00} ns a look");
    }

    private static void Report(string what, int times, Action act)
    {
        var took = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            act();
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        took.Sort();
        Print($"{what}: p50 {took[took.Count / 2]:0.0} ms, max {took[^1]:0.0} ms");
    }

    private static void Print(string line) => TestContext.Current.SendDiagnosticMessage("{0}", line);

    private static JobKey Key(int i) => new($"role-{i % 100}", "prod", $"j{i}");

    private static Demand ADemand(int count, long cpu, Tier tier) => new()
    {
        Version = 1,
        Request = new Resources(cpu, 4096, 1024, 0),
        Tier = tier,
        Since = Start,
        Attempts = [.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, 1))],
    };

    private static Ledger Full(int nodes, int tasks)
    {
        var ledger = new Ledger();
        for (var i = 0; i < nodes; i++)
        {
            ledger.Apply(new LedgerEvent.NodeChanged(
                SimulatedNode.Describe($"n{i:00000}", 32_000, ("rack", $"r{i % 200}")), 1, Reachable: true, MaintenanceMode.None));
        }

        for (var i = 0; i < tasks / 1000; i++) ledger.Apply(new LedgerEvent.Demanded(Key(i), [ADemand(1000, 3000, Tier.Preemptible)]));
        ledger.Plan(Start);
        Print($"{nodes} nodes with {ledger.Placed} tasks, {ledger.Pending} wait");
        return ledger;
    }
}
