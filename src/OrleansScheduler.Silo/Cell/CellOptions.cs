using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>What operators set for a cell. Section <c>Cell</c>.</summary>
public sealed class CellOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Cell";

    /// <summary>The cell's name. Default <c>cell</c>.</summary>
    [Required]
    public string Name { get; set; } = "cell";

    /// <summary>Directory of the embedded store. Default: none, then another store has to be configured.</summary>
    public string? StateDirectory { get; set; }

    /// <summary>
    /// Silence of an agent after which its node counts as unreachable. Default 15 s: longer than the restart of an agent or of the gateway
    /// that it is connected to takes, so that neither looks like the loss of a machine.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UnreachableAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long strict tasks run on without a word of the cell. Default 10 s. The longer, the longer an outage of the store or the network
    /// they survive, and the later they are replaced when their node is really gone.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:03", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a silo that was started lets tasks alone that no job knows. Default 8 s: agents connect again within two, and only then
    /// it shows whether the store is older than what runs.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SettleFor { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>When so many nodes are lost that their tasks are replaced slowly. Section <c>Cell:MassLoss</c>.</summary>
    [Required, ValidateObjectMembers]
    public MassLossSettings MassLoss { get; set; } = new();

    /// <summary>Time after which a command that an agent has not answered by a report is sent again. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most placements of one ledger round, so that a round stays short. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int MaxPlacementsPerRound { get; set; } = 4096;

    /// <summary>
    /// Most of the search for nodes that one ledger round may do, in blocks of sixteen nodes. Default 400,000, some 10 ms: a look takes up
    /// to 30 ns when shapes take turns, and a search for tasks to stop on 10,000 nodes with 100,000 tasks, which counts as 440,000, 8 ms.
    /// </summary>
    /// <remarks>
    /// Measured on two busy cores with <c>dotnet run -c Release --project tests/OrleansScheduler.Silo.Tests -- -class
    /// OrleansScheduler.Silo.Tests.LedgerTurnBench -explicit only -diagnostics</c>.
    /// </remarks>
    [Range(1, 1_000_000_000)]
    public long MaxLooksPerRound { get; set; } = 400_000;

    /// <summary>
    /// Most messages of jobs and nodes that one ledger round takes up; the others wait for the next. Default 256: with ten attempts given
    /// back and ten asked for in each they take 8 ms (as above).
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxIntentsPerRound { get; set; } = 256;

    /// <summary>Who knows on which silo an actor lives; the same on all silos. Default <see cref="GrainDirectoryKind.Local"/>.</summary>
    [EnumDataType(typeof(GrainDirectoryKind))]
    public GrainDirectoryKind GrainDirectory { get; set; }

    /// <summary>The Prometheus server that services are scaled by, such as <c>http://127.0.0.1:9090/</c>. Default: none.</summary>
    public Uri? Prometheus { get; set; }

    /// <summary>SLA figures of services as metrics. Section <c>Cell:SlaMetrics</c>.</summary>
    [Required, ValidateObjectMembers]
    public SlaMetricSettings SlaMetrics { get; set; } = new();

    /// <summary>How long tasks that have ended are remembered. Section <c>Cell:TaskHistory</c>.</summary>
    [Required, ValidateObjectMembers]
    public TaskHistorySettings TaskHistory { get; set; } = new();

    /// <summary>How nodes are emptied for maintenance. Section <c>Cell:Maintenance</c>.</summary>
    [Required, ValidateObjectMembers]
    public MaintenanceSettings Maintenance { get; set; } = new();

    /// <summary>How the ledger decides. Section <c>Cell:Ledger</c>.</summary>
    [Required, ValidateObjectMembers]
    public LedgerSettings Ledger { get; set; } = new();

    /// <summary>Events that the feed holds. Default 65,536.</summary>
    [Range(1_000, 10_000_000)]
    public int EventsHeld { get; set; } = 65_536;
}

/// <summary>Orleans' two directories. Neither is relied on for safety: that is what journals and epochs are for.</summary>
public enum GrainDirectoryKind
{
    /// <summary>The usual one: for moments after a silo's death an actor may live twice, and the journals refuse one of the two.</summary>
    Local,

    /// <summary>One that never has an actor twice, experimental in Orleans; it asks for a pause of its own after a silo's death.</summary>
    Distributed,
}
