using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>
/// Amounts of a node's divisible resources, in fixed point: sums are exact and overflow is an error, never a wrong number.
/// </summary>
/// <param name="CpuMillis">Thousandths of a core.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="DiskMiB">Sandbox disk in MiB.</param>
/// <param name="GpuMillis">Thousandths of a GPU.</param>
[GenerateSerializer, Immutable, Alias("osched.Resources")]
public readonly record struct Resources(
    [property: Id(0)] long CpuMillis, [property: Id(1)] long MemoryMiB, [property: Id(2)] long DiskMiB, [property: Id(3)] long GpuMillis)
{
    /// <summary>Nothing at all.</summary>
    public static Resources None => default;

    /// <summary>Whether every amount is zero or more.</summary>
    [JsonIgnore]
    public bool IsNonNegative => (CpuMillis | MemoryMiB | DiskMiB | GpuMillis) >= 0;

    /// <summary>Whether this fits into <paramref name="free"/> in every dimension.</summary>
    public bool FitsInto(in Resources free) =>
        CpuMillis <= free.CpuMillis && MemoryMiB <= free.MemoryMiB && DiskMiB <= free.DiskMiB && GpuMillis <= free.GpuMillis;

    /// <summary>Sum of both.</summary>
    /// <exception cref="OverflowException">An amount leaves the range of 64 bits.</exception>
    public static Resources operator +(in Resources a, in Resources b) => checked(new(
        a.CpuMillis + b.CpuMillis, a.MemoryMiB + b.MemoryMiB, a.DiskMiB + b.DiskMiB, a.GpuMillis + b.GpuMillis));

    /// <summary>Difference; may be negative, see <see cref="IsNonNegative"/>.</summary>
    /// <exception cref="OverflowException">An amount leaves the range of 64 bits.</exception>
    public static Resources operator -(in Resources a, in Resources b) => checked(new(
        a.CpuMillis - b.CpuMillis, a.MemoryMiB - b.MemoryMiB, a.DiskMiB - b.DiskMiB, a.GpuMillis - b.GpuMillis));

    /// <summary><paramref name="count"/> times as much.</summary>
    /// <exception cref="OverflowException">An amount leaves the range of 64 bits.</exception>
    public static Resources operator *(in Resources a, int count) => checked(new(
        a.CpuMillis * count, a.MemoryMiB * count, a.DiskMiB * count, a.GpuMillis * count));

    /// <summary>Same as the operator.</summary>
    public static Resources Add(Resources left, Resources right) => left + right;

    /// <summary>Same as the operator.</summary>
    public static Resources Subtract(Resources left, Resources right) => left - right;

    /// <summary>Same as the operator.</summary>
    public static Resources Multiply(Resources left, int right) => left * right;

    /// <summary>Such as <c>cpu 0.5, memory 256MiB</c>; amounts that are zero are left out.</summary>
    public override string ToString()
    {
        var parts = new List<string>(4);
        if (CpuMillis != 0) parts.Add($"cpu {Units.FormatMillis(CpuMillis)}");
        if (MemoryMiB != 0) parts.Add($"memory {Units.FormatMiB(MemoryMiB)}");
        if (DiskMiB != 0) parts.Add($"disk {Units.FormatMiB(DiskMiB)}");
        if (GpuMillis != 0) parts.Add($"gpus {Units.FormatMillis(GpuMillis)}");
        return parts.Count == 0 ? "nothing" : string.Join(", ", parts);
    }
}
