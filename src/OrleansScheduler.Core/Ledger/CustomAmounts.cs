namespace OrleansScheduler.Core;

/// <summary>What one node has left of custom amounts and of the items of its sets.</summary>
internal sealed class CustomAmounts
{
    private readonly SortedDictionary<string, long> _scalars = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedSet<string>> _items = new(StringComparer.Ordinal);
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
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
            if (count < 0 || (_items.GetValueOrDefault(name)?.Count ?? 0) < count) return name;
        }

        return null;
    }

    public long FreeOf(string name) => _scalars.TryGetValue(name, out var amount) ? amount : _items.GetValueOrDefault(name)?.Count ?? 0;

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
        return copy;
    }

    private static (string Set, string Item) Split(string item)
    {
        var at = item.IndexOf('=', StringComparison.Ordinal);
        return (item[..at], item[(at + 1)..]);
    }
}
