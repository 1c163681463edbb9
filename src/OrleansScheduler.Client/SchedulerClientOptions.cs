namespace OrleansScheduler.Client;

/// <summary>How a <see cref="SchedulerClient"/> reaches its gateway and how patient it is.</summary>
public sealed record SchedulerClientOptions
{
    /// <summary>Where a gateway listens when nobody says otherwise.</summary>
    public static Uri DefaultGateway { get; } = new("http://127.0.0.1:7070");

    /// <summary>The gateway's address. Default <c>http://127.0.0.1:7070</c>.</summary>
    public Uri Gateway { get; init; } = DefaultGateway;

    /// <summary>How often one request is sent at most, the first time included. Default 4.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>Wait before the second attempt; doubles with each further one. Default 100 ms.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two attempts, unless the gateway asks for more. Default 2 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait that a gateway may ask for with <c>Retry-After</c>. Default 30 s.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told before each wait why the request has to be sent again, and how long the wait is. Default: nobody.</summary>
    public Action<Problem, TimeSpan>? Waiting { get; init; }

    /// <summary>Longest time one attempt may take. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a broken stream of events or output is tried again before it ends with a problem. Default 30 s.</summary>
    public TimeSpan ResumeFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A stream on which not even a heart-beat arrives for this long counts as broken. Default 60 s.</summary>
    public TimeSpan StreamSilence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock that waits and deadlines go by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
