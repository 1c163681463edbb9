namespace OrleansScheduler.Cli;

/// <summary>Questions that people ask, on a full cell of 10,000 nodes with 100,000 tasks.</summary>
internal static class AnswerCases
{
    private const int Nodes = 10_000;
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddHours(1);

    public static IEnumerable<LedgerBenchRow> Run()
    {
        var ledger = new Ledger();
        for (var i = 0; i < Nodes; i++)
        {
            ledger.Apply(new LedgerEvent.NodeChanged(
                new() { Id = $"n{i}", Host = "n", Capacity = new(10_000, 40_960, 40_960, 0), FirstPort = 31_000, PortCount = 1000 }, 1,
                true, MaintenanceMode.None));
        }

        for (var i = 0; i < 1000; i++) Want(ledger, $"job{i}", 100, new(1000, 4096, 0, 0));
        ledger.Plan(Now);
        Want(ledger, "waiting", 10, new(4000, 4096, 0, 0));
        ledger.Plan(Now);
        var waiting = new JobKey("bench", "prod", "waiting");
        yield return Measure.Rate("explain", Nodes, 1, () => ledger.Explain(waiting, Now));
        var more = new WhatIf { AddNodes = [new NodeTemplate(3, new(16_000, 65_536, 65_536, 0))] };
        yield return Measure.Rate("what-if, 3 nodes more", Nodes, 1, () => ledger.Try(more, Now));
        var drain = new WhatIf { DrainNodes = ["n7"] };
        yield return Measure.Rate("what-if, drain a node", Nodes, 1, () => ledger.Try(drain, Now));
        yield return Measure.Rate("image for what-if", Nodes, 1, () => ledger.Capture());
    }

    private static void Want(Ledger ledger, string name, int count, Resources request) => ledger.Apply(new LedgerEvent.Demanded(
        new("bench", "prod", name),
        [
            new Demand
            {
                Version = 1,
                Request = request,
                Since = DateTimeOffset.UnixEpoch,
                Attempts = [.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, 1))],
            },
        ]));
}
