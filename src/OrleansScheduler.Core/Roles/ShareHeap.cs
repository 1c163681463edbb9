namespace OrleansScheduler.Core;

/// <summary>One of those among whom <see cref="ShareHeap"/> knows who is first.</summary>
internal class Contender(int id, string name)
{
    public int Id { get; } = id;

    /// <summary>Decides when all else is equal.</summary>
    public string Name { get; } = name;

    /// <summary>Whoever has the smaller share goes first.</summary>
    public double Share { get; set; }

    /// <summary>Of those with equal shares, whoever was given something less often goes first.</summary>
    public long Allocations { get; set; }

    /// <summary>Where it is in its heap; -1 when it is in none.</summary>
    public int At { get; set; } = -1;

    public bool Waits => At >= 0;

    /// <summary>Mesos' order (drf/sorter.cpp).</summary>
    public static int Compare(Contender a, Contender b)
    {
        if (a.Share != b.Share) return a.Share < b.Share ? -1 : 1;
        return a.Allocations != b.Allocations ? a.Allocations.CompareTo(b.Allocations) : string.CompareOrdinal(a.Name, b.Name);
    }
}

/// <summary>
/// Knows who of many is first, and moves one when its share changes: a binary heap whose members know their place. One grant costs the
/// logarithm of the siblings, where sorting anew cost Mesos a second a round (MESOS-9249).
/// </summary>
internal sealed class ShareHeap
{
    private Contender[] _items = [];

    public int Count { get; private set; }

    public Contender? First => Count == 0 ? null : _items[0];

    public void Add(Contender contender)
    {
        if (contender.Waits) return;
        if (Count == _items.Length) Array.Resize(ref _items, Math.Max(1, Count * 2));
        contender.At = Count;
        _items[Count++] = contender;
        Up(contender);
    }

    public void Remove(Contender contender)
    {
        if (!contender.Waits) return;
        var last = _items[--Count];
        _items[Count] = null!;
        if (last != contender)
        {
            last.At = contender.At;
            _items[last.At] = last;
            Move(last);
        }

        contender.At = -1;
    }

    /// <summary>To be called when a member's share or allocations changed.</summary>
    public void Move(Contender contender)
    {
        if (!contender.Waits) return;
        var at = contender.At;
        Up(contender);
        if (contender.At == at) Down(contender);
    }

    /// <summary>To be called when everybody's share may have changed.</summary>
    public void Rebuild()
    {
        for (var i = (Count / 2) - 1; i >= 0; i--) Down(_items[i]);
    }

    private void Up(Contender contender)
    {
        var at = contender.At;
        while (at > 0)
        {
            var parent = _items[(at - 1) / 2];
            if (Contender.Compare(contender, parent) >= 0) break;
            _items[at] = parent;
            (at, parent.At) = (parent.At, at);
        }

        _items[at] = contender;
        contender.At = at;
    }

    private void Down(Contender contender)
    {
        var at = contender.At;
        while (true)
        {
            var below = (at * 2) + 1;
            if (below >= Count) break;
            if (below + 1 < Count && Contender.Compare(_items[below + 1], _items[below]) < 0) below++;
            var child = _items[below];
            if (Contender.Compare(contender, child) <= 0) break;
            _items[at] = child;
            child.At = at;
            at = below;
        }

        _items[at] = contender;
        contender.At = at;
    }
}
