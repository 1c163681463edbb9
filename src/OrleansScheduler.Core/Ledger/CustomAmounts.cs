namespace OrleansScheduler.Core;

/// <summary>What one node has left of custom amounts and of the items of its sets, beside what was promised.</summary>
internal sealed class CustomAmounts
{
    private readonly SortedDictionary<string, long> _scalars = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedSet<string>> _items = new(StringComparer.Ordinal);
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _promisedScalars = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _promisedItems = new(StringComparer.Ordinal);
    private CustomCapacity _capacity = CustomCapacity.None;

    /// <summary>Takes another capacity over; what was given out stays given out.</summary>
    public void Resize(CustomCapacity capacity)
    {
        foreach (var name in _capacity.Scalars.Keys.Union(capacity.Scalars.Keys).ToList())
        {
            _scalars[name] = _scalars.GetValueOrDefault(name) + capacity.Scalars.GetValueOrDefault(name)
                - _capacity.Scalars.GetValueOrDefault(name);
        }

        _capacity = capacity;
        _items.Clear();
        foreach (var (name, items) in capacity.Sets)
            _items[name] = new SortedSet<string>(items.Where(i => !_given.Contains($"{name}={i}")), StringComparer.Ordinal);
    }

    /// <summary>The first name of which there is not enough; null when all is there.</summary>
    public string? Missing(CustomRequest request)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            if (amount < 0 || _scalars.GetValueOrDefault(name) < amount) return name;
        }

        foreach (var (name, count) in request.Sets)
        {
            if (count < 0 || ItemsOf(name) < count) return name;
        }

        return null;
    }

    public long FreeOf(string name) => _scalars.TryGetValue(name, out var amount) ? amount : ItemsOf(name);

    /// <summary>Keeps from others what somebody was promised, whether or not it is there yet; which items, is decided later.</summary>
    public void Promise(CustomRequest request) => Promise(request, 1);

    public void EndPromise(CustomRequest request) => Promise(request, -1);

    /// <summary>Whether what somebody was promised is there by now.</summary>
    public bool HasPromised(CustomRequest request)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            if (_scalars.GetValueOrDefault(name) + _promisedScalars.GetValueOrDefault(name) < amount) return false;
        }

        foreach (var (name, count) in request.Sets)
        {
            if ((_items.GetValueOrDefault(name)?.Count ?? 0) < count) return false;
        }

        return true;
    }

    /// <summary>Takes amounts, and the first items in ordinal order.</summary>
    public ImmutableArray<string> Take(CustomRequest request)
    {
        if (request.IsEmpty) return [];
        var items = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, count) in request.Sets) items.AddRange(_items[name].Take(count).Select(item => $"{name}={item}"));
        Take(request, items);
        return items.ToImmutable();
    }

    /// <summary>Takes amounts and the items that were given before.</summary>
    public void Take(CustomRequest request, IEnumerable<string> items)
    {
        foreach (var (name, amount) in request.Scalars) _scalars[name] = _scalars.GetValueOrDefault(name) - amount;
        foreach (var item in items)
        {
            _given.Add(item);
            var (name, text) = Split(item);
            if (_items.TryGetValue(name, out var free)) free.Remove(text);
        }
    }

    public void Return(CustomRequest request, ImmutableArray<string> items)
    {
        foreach (var (name, amount) in request.Scalars) _scalars[name] += amount;
        foreach (var item in items)
        {
            _given.Remove(item);
            var (name, text) = Split(item);
            if (_capacity.Sets.TryGetValue(name, out var all) && all.Contains(text)) _items[name].Add(text);
        }
    }

    public CustomAmounts Clone()
    {
        var copy = new CustomAmounts();
        foreach (var item in _given) copy._given.Add(item);
        copy.Resize(_capacity);
        foreach (var (name, amount) in _scalars) copy._scalars[name] = amount;
        foreach (var (name, amount) in _promisedScalars) copy._promisedScalars[name] = amount;
        foreach (var (name, count) in _promisedItems) copy._promisedItems[name] = count;
        return copy;
    }

    private int ItemsOf(string set) => (_items.GetValueOrDefault(set)?.Count ?? 0) - _promisedItems.GetValueOrDefault(set);

    private void Promise(CustomRequest request, int times)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            _scalars[name] = _scalars.GetValueOrDefault(name) - (amount * times);
            _promisedScalars[name] = _promisedScalars.GetValueOrDefault(name) + (amount * times);
        }

        foreach (var (name, count) in request.Sets) _promisedItems[name] = _promisedItems.GetValueOrDefault(name) + (count * times);
    }

    private static (string Set, string Item) Split(string item)
    {
        var at = item.IndexOf('=', StringComparison.Ordinal);
        return (item[..at], item[(at + 1)..]);
    }
}
