using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// One stored sample of every kind of state, as version 0.1 wrote it. A sample is never written again: a later version adds its own.
/// </summary>
public sealed class StoredStateTests
{
    /// <summary>Set to write samples that are not there yet.</summary>
    private const string RecordVariable = "OSCHED_RECORD";

    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private static readonly JobKey Key = new("shop", "prod", "web");
    private static readonly DateTimeOffset At = DateTimeOffset.Parse("2026-11-25T00:00:00Z", CultureInfo.InvariantCulture);
    private static readonly NodeDescription Node = new() { Id = "n1", Host = "h1", Capacity = new(4000, 8192, 1024, 0) };

    private static readonly JobSpec Spec = new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = 2,
        Task = new() { Command = ["true"], Resources = new(100, 64, 0, 0) },
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    private static Dictionary<string, (object Value, Func<byte[], object?> Read)> Samples { get; } = new(StringComparer.Ordinal)
    {
        ["job"] = Sample(new JobChange
        {
            Header = new() { Version = 1, CreatedAt = At, ChangedAt = At, Revision = 3, LedgerEpoch = 2 },
            Versions = [new(1, Spec, At, "ann")],
            Steps =
            [
                new() { Instance = 0, Attempt = 1, Version = 1, Status = ScheduleStatus.Running, Node = "n1", Ports = [31000], Since = At },
            ],
            Operations = [new("op-1", "submit", "digest", 1, 2, "created")],
            IsSnapshot = true,
        }),
        ["ledger"] = Sample(new LedgerChange
        {
            Nodes = [new(Node, 3, true, MaintenanceMode.None)],
            Reserved = [new(Key, "n1", new(100, 64, 0, 0), [new(0, 1)], [31000])],
            Waiting = [Key],
            Roles = [new("shop", null, 2)],
        }),
        ["ledger-with-quotas"] = Sample(new LedgerChange { Production = [new(Key, new(100, 64, 0, 0))] }),
        ["index"] = Sample(new JobIndexChange { Added = [Key] }),
        ["index-with-ended"] = Sample(new JobIndexChange { Added = [Key], Ended = [Key] }),
        ["node"] = Sample(new NodeRecord { Description = Node, Generation = 3, Mode = MaintenanceMode.Draining }),
        ["maintained-node"] = Sample(new NodeRecord
        {
            Description = Node,
            Generation = 3,
            Mode = MaintenanceMode.Scheduled,
            Maintenance = new()
            {
                DefaultSla = new(95, null, TimeSpan.FromMinutes(30)),
                DeadlineAfter = TimeSpan.FromHours(1),
                From = At,
                Until = At.AddHours(4),
            },
            Operations = [new("op-1", "digest")],
        }),
        ["cell"] = Sample(new CellRecord { Name = "east", StoreIncarnation = 1, StorageFormat = 1 }),
        ["head"] = Sample(new JournalHead
        {
            Epoch = 3,
            Through = 5,
            Rows = new(2, 1, 1, 100),
            TailFirst = 6,
            Segmented = true,
            Claims = [4],
        }),
        ["row"] = Sample(new JournalRow { Format = 1, Epoch = 3, Checksum = 7, Payload = [1, 2, 3] }),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_0_1_stored_is_read_as_it_was_meant(string name)
    {
        var (value, read) = Samples[name];
        var file = Path.Combine(Path.GetDirectoryName(ThisFile())!, "Stored", $"0.1-{name}.base64");
        if (Environment.GetEnvironmentVariable(RecordVariable) is not null && !File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, Convert.ToBase64String(Write(value)) + "\n", TestContext.Current.CancellationToken);
        }

        var stored = Convert.FromBase64String(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));

        // Equal bytes when both are written now: most of these types compare their arrays by reference.
        Assert.Equal(Write(value), Write(read(stored)!));
    }

    [Fact]
    public void What_a_newer_version_added_is_passed_over()
    {
        var newer = new NewerRecord { Name = "east", StoreIncarnation = 4, Extra = [1, 2], More = new("x", 5) };
        var read = Serializer.Deserialize<OlderRecord>(Serializer.SerializeToArray(newer))!;
        Assert.Equal(("east", 4L), (read.Name, read.StoreIncarnation));
    }

    private static (object Value, Func<byte[], object?> Read) Sample<T>(T value) where T : notnull =>
        (value, bytes => Serializer.Deserialize<T>(bytes));

    private static byte[] Write(object value) => value switch
    {
        JobChange job => Serializer.SerializeToArray(job),
        LedgerChange ledger => Serializer.SerializeToArray(ledger),
        JobIndexChange index => Serializer.SerializeToArray(index),
        NodeRecord node => Serializer.SerializeToArray(node),
        CellRecord cell => Serializer.SerializeToArray(cell),
        JournalHead head => Serializer.SerializeToArray(head),
        JournalRow row => Serializer.SerializeToArray(row),
        _ => throw new ArgumentException($"no sample is a {value.GetType()}", nameof(value)),
    };

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

[GenerateSerializer, Alias("test.OlderRecord")]
internal sealed record OlderRecord
{
    [Id(0)] public string Name { get; init; } = "";

    [Id(1)] public long StoreIncarnation { get; init; }
}

[GenerateSerializer, Alias("test.NewerRecord")]
internal sealed record NewerRecord
{
    [Id(0)] public string Name { get; init; } = "";

    [Id(1)] public long StoreIncarnation { get; init; }

    [Id(2)] public byte[] Extra { get; init; } = [];

    [Id(3)] public NewerPart? More { get; init; }
}

[GenerateSerializer, Alias("test.NewerPart")]
internal sealed record NewerPart([property: Id(0)] string Text, [property: Id(1)] int Number);
