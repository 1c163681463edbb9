using BenchmarkDotNet.Attributes;
using OrleansScheduler.Cli;

namespace OrleansScheduler.Benchmarks;

/// <summary>The ledger's decisions, with memory: the same loads as <c>osched bench ledger</c>.</summary>
[MemoryDiagnoser]
public class LedgerBenchmarks
{
    private const int Tasks = 1000;
    private const int Group = 100;

    private DecisionLoad _load = null!;

    [Params(1000, 10_000, 50_000)]
    public int Nodes { get; set; }

    [Params(PlacementPolicy.BestFit, PlacementPolicy.Pack)]
    public PlacementPolicy Policy { get; set; }

    [GlobalSetup]
    public void Fill() => _load = new DecisionLoad(Nodes, Policy);

    [Benchmark(OperationsPerInvoke = Tasks)]
    public void One_task() => _load.Run(Tasks);

    [Benchmark(OperationsPerInvoke = Tasks)]
    public void Jobs_of_100() => _load.RunGroups(Tasks / Group, Group);
}
