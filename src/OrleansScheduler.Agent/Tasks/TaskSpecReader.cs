using System.Collections.Concurrent;
using System.Text.Json;

namespace OrleansScheduler.Agent;

/// <summary>Reads task specs. Attempts of one version share their text, so each text is read once while it is in use.</summary>
internal sealed class TaskSpecReader
{
    private const int MostCached = 256;
    private readonly ConcurrentDictionary<string, TaskSpec> _known = new(StringComparer.Ordinal);

    /// <summary>The spec, or null when the text is not one.</summary>
    public TaskSpec? Read(string json)
    {
        if (_known.TryGetValue(json, out var known)) return known;
        try
        {
            if (JsonSerializer.Deserialize<TaskSpec>(json, WireJson.Options) is not { } spec) return null;
            if (_known.Count >= MostCached) _known.Clear();
            return _known.GetOrAdd(json, spec);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
