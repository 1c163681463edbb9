namespace OrleansScheduler.Core;

/// <summary>A set of nodes: a bit each, sixteen to a word, so that a word goes with a block of <see cref="NodeTable"/>.</summary>
internal sealed class NodeMask
{
    public ushort[] Bits { get; private set; } = [];

    /// <summary>Grows when the whole set was made anew; single bits do not change it.</summary>
    public long Epoch { get; private set; }

    public bool this[int node]
    {
        get => node >> 4 < Bits.Length && (Bits[node >> 4] >> (node & 15) & 1) != 0;
        set
        {
            if (node >> 4 >= Bits.Length) Resize(node + 1);
            var bit = 1 << (node & 15);
            Bits[node >> 4] = (ushort)(value ? Bits[node >> 4] | bit : Bits[node >> 4] & ~bit);
        }
    }

    public bool IsEmpty => !Bits.AsSpan().ContainsAnyExcept((ushort)0);

    /// <summary>Makes room for so many nodes; new ones are not in the set.</summary>
    public void Resize(int nodes)
    {
        var words = (nodes + 15) >> 4;
        if (words <= Bits.Length) return;
        var bits = new ushort[Math.Max(words, Bits.Length * 2)];
        Bits.CopyTo(bits, 0);
        Bits = bits;
    }

    public void Copy(NodeMask other)
    {
        Resize(other.Bits.Length << 4);
        Bits.AsSpan().Clear();
        other.Bits.CopyTo(Bits, 0);
        Epoch++;
    }

    public void Clear()
    {
        Bits.AsSpan().Clear();
        Epoch++;
    }

    public void Add(NodeMask other)
    {
        Resize(other.Bits.Length << 4);
        for (var i = 0; i < other.Bits.Length; i++) Bits[i] |= other.Bits[i];
        Epoch++;
    }

    public void Keep(NodeMask other)
    {
        for (var i = 0; i < Bits.Length; i++) Bits[i] &= i < other.Bits.Length ? other.Bits[i] : (ushort)0;
        Epoch++;
    }

    public void Remove(NodeMask other)
    {
        var words = Math.Min(Bits.Length, other.Bits.Length);
        for (var i = 0; i < words; i++) Bits[i] &= (ushort)~other.Bits[i];
        Epoch++;
    }

    public bool Overlaps(NodeMask other)
    {
        var words = Math.Min(Bits.Length, other.Bits.Length);
        for (var i = 0; i < words; i++)
        {
            if ((Bits[i] & other.Bits[i]) != 0) return true;
        }

        return false;
    }
}
