using System.Collections.Concurrent;
using System.Text.Json;

namespace OrleansScheduler.Gateway;

/// <summary>Task specs as the JSON that agents read. Written once per version of a job, not once per node and batch.</summary>
internal sealed class TaskSpecJson
{
    private const int MaxKept = 1024;

    private readonly ConcurrentDictionary<(JobKey Job, int Version), (TaskSpec Spec, string Json)> _kept = new();
    private int _written;

    public string Of(JobKey job, int version, TaskSpec spec)
    {
        // A version number says which spec it is only as long as the job lives: the comparison makes that no concern here.
        if (_kept.TryGetValue((job, version), out var kept) && kept.Spec.Equals(spec)) return kept.Json;
        if (Interlocked.Increment(ref _written) % MaxKept == 0) _kept.Clear();   // the dictionary's own count takes all its locks
        var json = JsonSerializer.Serialize(spec, WireJson.Options);
        _kept[(job, version)] = (spec, json);
        return json;
    }
}
