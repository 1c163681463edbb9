using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>A store that a backup is written into.</summary>
internal sealed partial class RestoreTarget(IServiceProvider services, IGrainStorage storage)
{
    private readonly JournalFactory _journals = services.GetRequiredService<JournalFactory>();
    private readonly ILogger<RestoreTarget> _logger = services.GetRequiredService<ILogger<RestoreTarget>>();
    private readonly Serializer _serializer = services.GetRequiredService<Serializer>();

    /// <summary>Which life of the store begins.</summary>
    public long Incarnation { get; set; }

    /// <summary>Says what the store has; null for an empty one.</summary>
    public async Task<string?> Find()
    {
        if (await Read<CellRecord>(CellRecord.StateName, StoreCheck.Owner) is { } record) return $"the record of cell {record.Name}";
        if (await Read<JournalRow>(JournalHead.RowName, GrainId.Create(OwnerTypes.Ledger, IResourceLedgerGrain.Id)) is not null)
            return "the journal of a ledger";
        for (var shard = 0; shard < JobIndex.Shards; shard++)
        {
            if (await Read<JournalRow>(JournalHead.RowName, IndexShard(shard)) is not null) return $"shard {shard} of a job index";
        }

        return null;
    }

    /// <summary>The jobs of the store before, as far as they can be read, and which life of the store it is.</summary>
    public async Task<(IReadOnlyList<JobKey> Jobs, long Incarnation)> ReadJobs(CancellationToken cancellationToken)
    {
        var jobs = new List<JobKey>();
        for (var shard = 0; shard < JobIndex.Shards; shard++)
        {
            try
            {
                var recovered = await _journals.For<JobIndexChange, JobIndexChange>(IndexShard(shard)).Open(cancellationToken);
                jobs.AddRange(recovered.Snapshot?.Added ?? []);
                jobs.AddRange(recovered.Entries.SelectMany(entry => entry.Added));
            }
            catch (JournalCorruptException exception)
            {
                LogUnreadable(shard, exception);
            }
        }

        return (jobs, (await Read<CellRecord>(CellRecord.StateName, StoreCheck.Owner))?.StoreIncarnation ?? 0);
    }

    /// <summary>Writes the cell's record.</summary>
    public Task WriteRecord(CellRecord record) => Replace(CellRecord.StateName, StoreCheck.Owner, record);

    /// <summary>A job of the store before is not there any more.</summary>
    public Task Remove(JobKey job) => ReplaceJournal(GrainId.Create(OwnerTypes.Job, job.ToString()), null, epoch: 0, number: 0);

    /// <summary>Writes one state of a backup; a problem when this build does not know such an owner.</summary>
    public async Task<Problem?> Write(OwnedState state)
    {
        if (state.Owner.Type == OwnerTypes.Job)
        {
            var job = JobRestore.Restore(_serializer.Deserialize<JobChange>(state.Bytes)!);
            await ReplaceJournal(state.Owner, _serializer.SerializeToArray(job), state.Epoch, state.Number);
        }
        else if (state.Owner.Type == OwnerTypes.Ledger || state.Owner.Type == OwnerTypes.JobIndex)
        {
            await ReplaceJournal(state.Owner, state.Bytes, state.Epoch, state.Number);
        }
        else if (state.Owner.Type == OwnerTypes.Node)
        {
            var node = _serializer.Deserialize<NodeRecord>(state.Bytes)!;
            node.Generation += CellRestore.Jump;
            await Replace(NodeRecord.StateName, state.Owner, node);
        }
        else if (state.Owner.Type != OwnerTypes.Cell)
        {
            return Problem.Of(ProblemKind.Conflict, "backup-too-new", $"This build does not know {state.Owner}, which is in the backup.");
        }

        return null;
    }

    private async Task ReplaceJournal(GrainId owner, byte[]? snapshot, long epoch, long number)
    {
        var before = await Read<JournalRow>(JournalHead.RowName, owner);
        var next = Math.Max(epoch, before?.Epoch ?? 0) + CellRestore.Jump;

        // Rows that are left of another life of the store have lower numbers: they are garbage and in nobody's way.
        await _journals.LogOf(owner).Replace(snapshot, next, number, firstSegment: Incarnation << 20);
    }

    private static GrainId IndexShard(int shard) => GrainId.Create(OwnerTypes.JobIndex, GrainIdKeyExtensions.CreateIntegerKey(shard));

    private async Task<T?> Read<T>(string name, GrainId owner) where T : class, new()
    {
        var state = new GrainState<T> { State = new() };
        try
        {
            await storage.ReadStateAsync(name, owner, state);
            return state.RecordExists ? state.State : null;
        }
        catch (Exception exception) when (exception is InvalidDataException or SerializerException)
        {
            return new();   // it is there, and damaged
        }
    }

    private async Task Replace<T>(string name, GrainId owner, T value) where T : class, new()
    {
        var state = new GrainState<T> { State = new() };
        await storage.ReadStateAsync(name, owner, state);
        state.State = value;
        await storage.WriteStateAsync(name, owner, state);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Shard {Shard} of the job index before cannot be read: its jobs are back when somebody submits them again")]
    private partial void LogUnreadable(int shard, Exception exception);
}
