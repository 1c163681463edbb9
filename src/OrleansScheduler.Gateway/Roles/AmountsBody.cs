using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>Amounts of resources, named as in answers. Other fields are refused, so that a slip never reads as nothing.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AmountsBody
{
    /// <summary>Thousandths of a core.</summary>
    public long? CpuMillis { get; init; }

    /// <summary>Memory in MiB.</summary>
    public long? MemoryMiB { get; init; }

    /// <summary>Disk in MiB.</summary>
    public long? DiskMiB { get; init; }

    /// <summary>Thousandths of a GPU.</summary>
    public long? GpuMillis { get; init; }

    public Resources ToResources() => ResourceText.ToResources(ToLimit());

    public ResourceLimit ToLimit() => new(CpuMillis, MemoryMiB, DiskMiB, GpuMillis);

    public void Check(BodyFindings findings, string path)
    {
        Check(CpuMillis, "cpuMillis");
        Check(MemoryMiB, "memoryMiB");
        Check(DiskMiB, "diskMiB");
        Check(GpuMillis, "gpuMillis");

        void Check(long? amount, string name)
        {
            if (amount is { } value) findings.Range(value, 0, BodyFindings.MaxAmount, $"{path}.{name}");
        }
    }

    /// <summary>The same for amounts that have to be something.</summary>
    public void CheckSome(BodyFindings findings, string path)
    {
        Check(findings, path);
        if (ToResources() == Resources.None) findings.Add("required", path, "Name an amount above zero.");
    }
}
