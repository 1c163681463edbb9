using System.Numerics;

namespace OrleansScheduler.Core;

/// <summary>A set of nodes as bits, so that finding one that is in some sets and not in others is a scan over words.</summary>
internal sealed class NodeSet
{
    private ulong[] _words = [];

    public bool Contains(int node) => node >> 6 < _words.Length && (_words[node >> 6] >> (node & 63) & 1) != 0;

    public void Add(int node)
    {
        if (node >> 6 >= _words.Length) Array.Resize(ref _words, Math.Max((node >> 6) + 1, _words.Length * 2));
        _words[node >> 6] |= 1UL << (node & 63);
    }

    public void Remove(int node)
    {
        if (node >> 6 < _words.Length) _words[node >> 6] &= ~(1UL << (node & 63));
    }

    public void RemoveAll(NodeSet other)
    {
        var count = Math.Min(_words.Length, other._words.Length);
        for (var i = 0; i < count; i++) _words[i] &= ~other._words[i];
    }

    /// <summary>Adds what is in both of two sets.</summary>
    public void AddAll(NodeSet one, NodeSet two)
    {
        var count = Math.Min(one._words.Length, two._words.Length);
        if (_words.Length < count) Array.Resize(ref _words, count);
        for (var i = 0; i < count; i++) _words[i] |= one._words[i] & two._words[i];
    }

    public void Clear() => Array.Clear(_words);

    /// <summary>The word at an index; zero beyond the end.</summary>
    public static ulong Word(NodeSet? set, int index) => set is not null && index < set._words.Length ? set._words[index] : 0;

    /// <summary>Position of the lowest bit.</summary>
    public static int Lowest(int index, ulong word) => (index << 6) + BitOperations.TrailingZeroCount(word);
}
