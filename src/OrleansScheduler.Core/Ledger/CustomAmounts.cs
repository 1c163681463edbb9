namespace OrleansScheduler.Core;

/// <summary>What one node has left of custom amounts and of the items of its sets, beside what was promised.</summary>
/// <remarks>Most nodes have nothing of the kind: the collections are made when they are needed.</remarks>
internal sealed class CustomAmounts
{
    private SortedDictionary<string, long> Scalars => field ??= new(StringComparer.Ordinal);
    private SortedDictionary<string, SortedSet<string>> Items => field ??= new(StringComparer.Ordinal);
    private HashSet<string> Given => field ??= new(StringComparer.Ordinal);
    private Dictionary<string, long> PromisedScalars => field ??= new(StringComparer.Ordinal);
    private Dictionary<string, int> PromisedItems => field ??= new(StringComparer.Ordinal);
    private CustomCapacity _capacity = CustomCapacity.None;

    /// <summary>Takes another capacity over; what was given out stays given out.</summary>
    public void Resize(CustomCapacity capacity)
    {
        if (IsNothing(capacity) && IsNothing(_capacity)) return;
        foreach (var name in _capacity.Scalars.Keys.Union(capacity.Scalars.Keys).ToList())
        {
            Scalars[name] = Scalars.GetValueOrDefault(name) + capacity.Scalars.GetValueOrDefault(name)
                - _capacity.Scalars.GetValueOrDefault(name);
        }

        _capacity = capacity;
        Items.Clear();
        foreach (var (name, items) in capacity.Sets)
            Items[name] = new SortedSet<string>(items.Where(i => !Given.Contains($"{name}={i}")), StringComparer.Ordinal);
    }

    /// <summary>The first name of which there is not enough; null when all is there.</summary>
    public string? Missing(CustomRequest request)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            if (amount < 0 || Scalars.GetValueOrDefault(name) < amount) return name;
        }

        foreach (var (name, count) in request.Sets)
        {
            if (count < 0 || ItemsOf(name) < count) return name;
        }

        return null;
    }

    public long FreeOf(string name) => Scalars.TryGetValue(name, out var amount) ? amount : ItemsOf(name);

    /// <summary>Keeps from others what somebody was promised, whether or not it is there yet; which items, is decided later.</summary>
    public void Promise(CustomRequest request) => Promise(request, 1);

    public void EndPromise(CustomRequest request) => Promise(request, -1);

    /// <summary>Whether what somebody was promised is there by now.</summary>
    public bool HasPromised(CustomRequest request)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            if (Scalars.GetValueOrDefault(name) + PromisedScalars.GetValueOrDefault(name) < amount) return false;
        }

        foreach (var (name, count) in request.Sets)
        {
            if ((Items.GetValueOrDefault(name)?.Count ?? 0) < count) return false;
        }

        return true;
    }

    /// <summary>Takes amounts, and the first items in ordinal order.</summary>
    public ImmutableArray<string> Take(CustomRequest request)
    {
        if (request.IsEmpty) return [];
        var items = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, count) in request.Sets) items.AddRange(Items[name].Take(count).Select(item => $"{name}={item}"));
        Take(request, items);
        return items.ToImmutable();
    }

    /// <summary>Takes amounts and the items that were given before.</summary>
    public void Take(CustomRequest request, IEnumerable<string> items)
    {
        foreach (var (name, amount) in request.Scalars) Scalars[name] = Scalars.GetValueOrDefault(name) - amount;
        foreach (var item in items)
        {
            Given.Add(item);
            var (name, text) = Split(item);
            if (Items.TryGetValue(name, out var free)) free.Remove(text);
        }
    }

    public void Return(CustomRequest request, ImmutableArray<string> items)
    {
        foreach (var (name, amount) in request.Scalars) Scalars[name] += amount;
        foreach (var item in items)
        {
            Given.Remove(item);
            var (name, text) = Split(item);
            if (_capacity.Sets.TryGetValue(name, out var all) && all.Contains(text)) Items[name].Add(text);
        }
    }

    private int ItemsOf(string set) => (Items.GetValueOrDefault(set)?.Count ?? 0) - PromisedItems.GetValueOrDefault(set);

    private void Promise(CustomRequest request, int times)
    {
        foreach (var (name, amount) in request.Scalars)
        {
            Scalars[name] = Scalars.GetValueOrDefault(name) - (amount * times);
            PromisedScalars[name] = PromisedScalars.GetValueOrDefault(name) + (amount * times);
        }

        foreach (var (name, count) in request.Sets) PromisedItems[name] = PromisedItems.GetValueOrDefault(name) + (count * times);
    }

    private static (string Set, string Item) Split(string item)
    {
        var at = item.IndexOf('=', StringComparison.Ordinal);
        return (item[..at], item[(at + 1)..]);
    }

    private static bool IsNothing(CustomCapacity capacity) => capacity.Scalars.IsEmpty && capacity.Sets.IsEmpty;
}
