using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace OrleansScheduler.Core;

/// <summary>
/// The records of a job's instances, in their order. Instances are numbered from 0 almost without gaps, so an array takes a seventh of the
/// memory of a tree and no comparisons.
/// </summary>
internal sealed class InstanceTable : IReadOnlyDictionary<int, ScheduledTask>
{
    private ScheduledTask?[] _rows = [];

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<int> Keys => Values.Select(task => task.Instance);

    /// <inheritdoc/>
    public IEnumerable<ScheduledTask> Values
    {
        get
        {
            foreach (var row in _rows)
            {
                if (row is not null) yield return row;
            }
        }
    }

    /// <inheritdoc/>
    public ScheduledTask this[int key] =>
        TryGetValue(key, out var task) ? task : throw new KeyNotFoundException($"there is no instance {key}");

    /// <summary>Puts a record in the place of its instance.</summary>
    public void Set(ScheduledTask task)
    {
        if (task.Instance >= _rows.Length) Array.Resize(ref _rows, Math.Max(task.Instance + 1, _rows.Length + (_rows.Length / 2)));
        if (_rows[task.Instance] is null) Count++;
        _rows[task.Instance] = task;
    }

    /// <summary>Takes an instance out.</summary>
    public void Remove(int instance)
    {
        if (!ContainsKey(instance)) return;
        _rows[instance] = null;
        Count--;
    }

    /// <inheritdoc/>
    public bool ContainsKey(int key) => (uint)key < (uint)_rows.Length && _rows[key] is not null;

    /// <inheritdoc/>
    public bool TryGetValue(int key, [MaybeNullWhen(false)] out ScheduledTask value)
    {
        value = (uint)key < (uint)_rows.Length ? _rows[key] : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<int, ScheduledTask>> GetEnumerator()
    {
        foreach (var task in Values) yield return new(task.Instance, task);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
