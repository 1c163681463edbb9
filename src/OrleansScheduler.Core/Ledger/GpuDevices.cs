namespace OrleansScheduler.Core;

/// <summary>The GPUs of one node: what each has left, in thousandths. A share never spans two of them.</summary>
internal sealed class GpuDevices
{
    private int[] _capacity = [];
    private int[] _free = [];

    public int Count => _free.Length;

    /// <summary>GPUs that nobody uses.</summary>
    public int Whole { get; private set; }

    /// <summary>The largest share that one has left.</summary>
    public int LargestShare { get; private set; }

    public int FreeOf(int device) => _free[device];

    /// <summary>
    /// Takes another capacity over. What is in use stays in use: a GPU that is gone has less than nothing left until its tasks have ended.
    /// </summary>
    public void Resize(long millis)
    {
        var count = (int)Math.Min((millis + Shape.Device - 1) / Shape.Device, 1024);
        var size = Math.Max(count, LastUsed() + 1);
        var (capacity, free) = (new int[size], new int[size]);
        for (var i = 0; i < size; i++)
        {
            capacity[i] = i < count ? (int)Math.Min(Shape.Device, millis - ((long)i * Shape.Device)) : 0;
            var used = i < _free.Length ? _capacity[i] - _free[i] : 0;
            free[i] = capacity[i] - used;
        }

        (_capacity, _free) = (capacity, free);
        Recount();
    }

    /// <summary>
    /// The GPUs that a request gets: the one that a share fills best, or the first unused ones. Default when they are not there.
    /// </summary>
    /// <param name="shape">The request.</param>
    /// <param name="mix">What leftovers are worth; null to take the GPU that has least left.</param>
    public ImmutableArray<int> Choose(in Shape shape, GpuMix? mix = null) =>
        shape.Whole > Whole || shape.Share > LargestShare ? default : Choose(shape, _free, mix);

    /// <summary>The same among GPUs that have so much left.</summary>
    public static ImmutableArray<int> Choose(in Shape shape, ReadOnlySpan<int> free, GpuMix? mix = null)
    {
        if (shape.Share > 0)
        {
            var (best, bestCost) = (-1, float.MaxValue);
            for (var i = 0; i < free.Length; i++)
            {
                if (free[i] < shape.Share) continue;
                var cost = mix?.Cost(free[i], shape.Share) ?? free[i];
                if (cost < bestCost) (best, bestCost) = (i, cost);
            }

            return best < 0 ? default : Single(best);
        }

        if (shape.Whole == 0) return [];
        var (chosen, set, last) = (0, 0UL, 0);
        for (var i = 0; i < free.Length && chosen < shape.Whole; i++)
        {
            if (free[i] != Shape.Device) continue;
            (set, last) = (set | (1UL << (i & 63)), i);
            chosen++;
        }

        if (chosen < shape.Whole) return default;
        return last < SetBits ? Set((int)set) : Many(shape.Whole, free);
    }

    /// <summary>
    /// Takes so much of each of the GPUs. One that is not there is added: it has been given out by an earlier configuration.
    /// </summary>
    public void Take(ImmutableArray<int> devices, int each)
    {
        foreach (var device in devices)
        {
            if (device >= _free.Length)
            {
                Array.Resize(ref _capacity, device + 1);
                Array.Resize(ref _free, device + 1);
            }

            _free[device] -= each;
        }

        if (!devices.IsEmpty) Recount();
    }

    public void Return(ImmutableArray<int> devices, int each)
    {
        foreach (var device in devices) _free[device] += each;
        if (!devices.IsEmpty) Recount();
    }

    /// <summary>Sets of the first GPUs are made once: a decision needs no memory for them.</summary>
    private const int SetBits = 8;

    private static readonly ImmutableArray<int>[] Sets =
        [.. Enumerable.Range(0, 1 << SetBits)
            .Select(set => Enumerable.Range(0, SetBits).Where(i => (set >> i & 1) != 0).ToImmutableArray())];

    private static readonly ImmutableArray<int>[] Singles = [.. Enumerable.Range(0, 64).Select(i => ImmutableArray.Create(i))];

    private static ImmutableArray<int> Set(int set) => Sets[set];

    private static ImmutableArray<int> Many(int count, ReadOnlySpan<int> free)
    {
        var chosen = ImmutableArray.CreateBuilder<int>(count);
        for (var i = 0; i < free.Length && chosen.Count < count; i++)
        {
            if (free[i] == Shape.Device) chosen.Add(i);
        }

        return chosen.MoveToImmutable();
    }

    private static ImmutableArray<int> Single(int device) => device < Singles.Length ? Singles[device] : [device];

    private int LastUsed()
    {
        for (var i = _free.Length - 1; i >= 0; i--)
        {
            if (_free[i] != _capacity[i]) return i;
        }

        return -1;
    }

    private void Recount()
    {
        (Whole, LargestShare) = (0, 0);
        foreach (var free in _free)
        {
            if (free == Shape.Device) Whole++;
            LargestShare = Math.Max(LargestShare, free);
        }
    }
}
