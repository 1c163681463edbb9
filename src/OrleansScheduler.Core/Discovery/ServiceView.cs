using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansScheduler.Core;

/// <summary>A service as those see it who want to reach it: the instances that run, and where.</summary>
[GenerateSerializer, Immutable, Alias("osched.ServiceView")]
public sealed record ServiceView
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>Version that the job is or is becoming.</summary>
    [Id(1)] public int Version { get; init; }

    /// <summary>How many instances it should have.</summary>
    [Id(2)] public int Wanted { get; init; }

    /// <summary>Those that run and are healthy, by number.</summary>
    [Id(3)] public ImmutableArray<ServiceInstance> Instances { get; init; } = [];

    /// <summary>Stands for exactly these instances: who has seen it need not be told them again.</summary>
    [Id(4)] public string Cursor { get; init; } = "";

    /// <summary>The same with the cursor that stands for it.</summary>
    public ServiceView Sealed()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Key} {Version} {Wanted}\n");
        foreach (var one in Instances)
        {
            text.Append(CultureInfo.InvariantCulture, $"{one.Instance} {one.Attempt} {one.Version} {one.Node} {one.Host}");
            foreach (var (name, port) in one.Ports) text.Append(CultureInfo.InvariantCulture, $" {name}={port}");
            text.Append('\n');
        }

        return this with { Cursor = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8)) };
    }
}

/// <summary>One instance of a service that runs and is healthy.</summary>
[GenerateSerializer, Immutable, Alias("osched.ServiceInstance")]
public sealed record ServiceInstance
{
    /// <summary>Its number.</summary>
    [Id(0)] public int Instance { get; init; }

    /// <summary>Which attempt of it.</summary>
    [Id(1)] public int Attempt { get; init; }

    /// <summary>The node that it runs on.</summary>
    [Id(2)] public required string Node { get; init; }

    /// <summary>Name or address under which its ports are reached; null when the node is not known just now.</summary>
    [Id(3)] public string? Host { get; init; }

    /// <summary>Its ports by name.</summary>
    [Id(4)] public required ImmutableSortedDictionary<string, int> Ports { get; init; }

    /// <summary>Version of the job that it runs.</summary>
    [Id(5)] public int Version { get; init; }

    /// <summary>Since when it runs.</summary>
    [Id(6)] public DateTimeOffset Since { get; init; }
}
