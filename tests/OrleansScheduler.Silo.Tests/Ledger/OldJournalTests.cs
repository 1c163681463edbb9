using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansScheduler.Silo.Tests;

public sealed class OldJournalTests
{
    /// <summary>One entry as version 0.1 wrote it: a node, two attempts on it, one of them released, one job that waits.</summary>
    private const string LedgerEntry =
        "IAADIeggIAADIegg6EAFbjFBEzEyNy4wLjAuMSHoAAJ9AQQAEAEEABABAeABhJEHAUIfISDgMQExLNQuHVN0cmluZ0NvbXBhcmVyAAMBAeDBAe"
        + "BBAcEx4AENAQMJAwHg4OAhIAADIegg6EAJc2hvcEEJdGVzdEEHYmln4CEgAAMh6AAFAQXg4ODg4OAhIAADIegg6MBFwUfBSeDBEyHoACIDAQIC"
        + "AQEBAeAhIAAFIegAAQEF4CDoAAUBBeDg4CEgAAUBhJEHAJSRB+Dg4ODgISAAAyHowEXBR8FJ4ODgISDg4ODg";

    /// <summary>One entry as version 0.1 wrote it: a batch job with one waiting instance.</summary>
    private const string JobEntry =
        "IAADIegg6AAFAQEhIODBAeDBAQEBIYAAYNdMWUnfCIEAAAAAAAAAAOAhgAAAAAAAAAAAgQAAAAAAAAAA4AEBAQHgISAAAyHoAAUh6CDoQAlzaG"
        + "9wQQl0ZXN0QQdiaWfgCQMFAQUBAQkDBcEBIehAD3Byb2Nlc3MhIAADQQl0cnVl4ODBASEg4OAhIODBAcEB4MEBISDg4CHoACIDAQICAQEBAeAh"
        + "IODgwQEh6ICA8PoCAAAAAMEB4CHoACIDARXg4CHoAAWBAKPhEQAAAACBAF7QsgAAAADgISDg4CHoQAtxdWV1ZQEFgYB00hoAAAAAAQEBAQEDwQ"
        + "EBAeDBASHoAAOBAAAAAAAAAADg4CGAAGDXTFlJ3wiBAAAAAAAAAADgwTng4OAhIAADIegAAQEFCQMJAQUBAcEBISDg4AEBIYAAYNdMWUnfCIEA"
        + "AAAAAAAAAODBAYEAAAAAAAAAAAEBwQHBAcEBCQMBISDg4ODg4CHAx+AhIODgAQHg4A==";

    private static readonly JobKey Key = new("shop", "test", "big");

    [Fact]
    public void A_ledger_reads_what_an_older_one_wrote()
    {
        var entry = Assert.Single(Read<LedgerChange>(LedgerEntry));
        Assert.True(entry.Preempted.IsEmpty && entry.Roles.IsEmpty && entry.Operations.IsEmpty);
        var ledger = new Ledger();
        (entry with { Released = [] }).ApplyTo(ledger);
        new LedgerChange { Released = entry.Released }.ApplyTo(ledger);

        Assert.Equal([Key], entry.Waiting);
        Assert.Equal([new AttemptRef(0, 1)], ledger.HeldBy(Key));
        var placement = ledger.Find(Key, new(0, 1))!;
        Assert.Equal(("n1", 31000), (placement.Node, Assert.Single(placement.Ports)));
        Assert.Empty(placement.Devices);
        Assert.Empty(placement.Items);
        Assert.Equal(new Resources(100, 64, 0, 0), ledger.DescribeNode("n1")!.Used);

        // What was read can be written again, and says the same.
        var copy = new Ledger();
        LedgerChange.Everything(ledger, [], [], [], 0).ApplyTo(copy);
        Assert.Equal([new AttemptRef(0, 1)], copy.HeldBy(Key));
    }

    [Fact]
    public void A_job_reads_what_an_older_one_wrote()
    {
        var state = new JobState(Key);
        foreach (var change in Read<JobChange>(JobEntry)) state.Apply(change);

        Assert.Equal((1, JobType.Batch), (state.Header.Version, state.Spec.Type));
        var demand = Assert.Single(JobDescription.Demands(state));
        Assert.Equal([new AttemptRef(0, 1)], demand.Attempts);
        var ledger = new Ledger();
        ledger.Apply(new LedgerEvent.Demanded(Key, [demand]));
        Assert.Equal(1, ledger.Pending);
        Assert.NotNull(JobDescription.Describe(state, state.Tasks[0], withHistory: true));
    }

    private static T[] Read<T>(string text)
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        return services.GetRequiredService<Serializer>().Deserialize<T[]>(Convert.FromBase64String(text))!;
    }
}
