using System.Numerics;

namespace OrleansScheduler.Core;

/// <summary>The ports of one node as a bitmap. Hands out the port after the last one it gave, so that a port comes back late.</summary>
internal sealed class PortSet(int first, int count)
{
    private readonly ulong[] _taken = new ulong[(count + 63) / 64];
    private int _next;

    public int First { get; } = first;

    public int Count { get; } = count;

    public int Free { get; private set; } = count;

    public bool TryTake(int wanted, ImmutableArray<int>.Builder ports)
    {
        if (wanted > Free) return false;
        for (var i = 0; i < wanted; i++)
        {
            var index = NextFree();
            Mark(index);
            ports.Add(First + index);
            _next = (index + 1) % Count;
        }

        return true;
    }

    /// <summary>Takes a port that was handed out before; a port outside the range or taken already is passed over.</summary>
    public void Take(int port)
    {
        var index = port - First;
        if (index >= 0 && index < Count && !IsTaken(index)) Mark(index);
    }

    public void Return(int port)
    {
        var index = port - First;
        if (index < 0 || index >= Count || !IsTaken(index)) return;
        _taken[index >> 6] &= ~(1UL << (index & 63));
        Free++;
    }

    private bool IsTaken(int index) => (_taken[index >> 6] >> (index & 63) & 1) != 0;

    private void Mark(int index)
    {
        _taken[index >> 6] |= 1UL << (index & 63);
        Free--;
    }

    private int NextFree()
    {
        for (var word = 0; word <= _taken.Length; word++)
        {
            var at = ((_next >> 6) + word) % _taken.Length;
            var free = ~_taken[at];
            if (word == 0) free &= ulong.MaxValue << (_next & 63);
            if (at == _taken.Length - 1 && (Count & 63) != 0) free &= (1UL << (Count & 63)) - 1;
            if (free != 0) return (at << 6) + BitOperations.TrailingZeroCount(free);
        }

        throw new InvariantException($"no free port among {Count} though {Free} are counted as free");
    }
}
