namespace OrleansScheduler.Gateway;

/// <summary>How the gateway listens and how long it waits. Section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Where REST and pages are served. Default <c>http://127.0.0.1:7070</c>; port 0 takes a free one.</summary>
    public string Url { get; set; } = "http://127.0.0.1:7070";

    /// <summary>Where agents connect (gRPC over cleartext HTTP/2). Default <c>http://127.0.0.1:7071</c>; port 0 takes a free one.</summary>
    public string AgentUrl { get; set; } = "http://127.0.0.1:7071";

    /// <summary>
    /// Longest time that a request may wait for the cell. Default 10 s. Streams and reads that wait on purpose are not bound by it.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most connections at once, agents included. Default 16,384.</summary>
    public int MaxConnections { get; set; } = 16_384;

    /// <summary>
    /// How long a gateway that was asked to end still answers questions, while it is no longer ready and refuses changes. 0 to 15 s;
    /// default 1 s: more than the time between two looks of a load balancer is right.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often a gateway without a silo of its own tries to reach the cluster at its start before it gives up. Default 0: for ever.
    /// </summary>
    public int ConnectAttempts { get; set; }
}
