namespace OrleansScheduler.Core;

/// <summary>What a task asks for in the units of <see cref="NodeTable"/>'s lanes. Equal shapes fit the same nodes.</summary>
/// <param name="Cpu">Thousandths of a core.</param>
/// <param name="Memory">MiB.</param>
/// <param name="Disk">MiB.</param>
/// <param name="Whole">Whole GPUs; 0 when it asks for none or for a share.</param>
/// <param name="Share">Thousandths of one GPU, below 1000; 0 when it asks for none or for whole ones.</param>
/// <param name="Ports">Ports.</param>
internal readonly record struct Shape(int Cpu, int Memory, int Disk, int Whole, int Share, int Ports)
{
    /// <summary>A whole GPU in thousandths.</summary>
    public const int Device = 1000;

    /// <summary>GPUs in thousandths.</summary>
    public int Gpu => (Whole * Device) + Share;

    /// <summary>What it takes of GPUs.</summary>
    public KeyKind Kind => Whole > 0 ? KeyKind.Whole : Share > 0 ? KeyKind.Share : KeyKind.Plain;

    /// <summary>
    /// The shape of a request. Null when no node can ever have so much: more than a lane holds, a negative amount, or a number of GPUs
    /// above one that is not whole.
    /// </summary>
    public static Shape? Of(in Resources request, int ports)
    {
        if (!request.IsNonNegative || ports < 0) return null;
        if (Math.Max(Math.Max(request.CpuMillis, request.MemoryMiB), Math.Max(request.DiskMiB, request.GpuMillis)) > NodeTable.MaxLane)
            return null;
        var gpu = (int)request.GpuMillis;
        if (gpu >= Device && gpu % Device != 0) return null;
        return new Shape(
            (int)request.CpuMillis, (int)request.MemoryMiB, (int)request.DiskMiB, gpu / Device, gpu < Device ? gpu : 0, ports);
    }
}

/// <summary>What a task takes of GPUs.</summary>
internal enum KeyKind
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>A share of one.</summary>
    Share,

    /// <summary>Whole ones.</summary>
    Whole,
}
