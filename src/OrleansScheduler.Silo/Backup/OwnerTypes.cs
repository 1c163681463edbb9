namespace OrleansScheduler.Silo;

/// <summary>The types of grains that own state. They are part of every row's address, so they never change.</summary>
internal static class OwnerTypes
{
    public static GrainType Job { get; } = GrainType.Create("job");

    public static GrainType JobIndex { get; } = GrainType.Create("jobindex");

    public static GrainType Ledger { get; } = GrainType.Create("resourceledger");

    public static GrainType Node { get; } = GrainType.Create("node");

    public static GrainType Cell { get; } = GrainType.Create(CellRecord.StateName);
}
