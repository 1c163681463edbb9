namespace OrleansScheduler.Client;

/// <summary>One question to the gateway, kept as a recipe because it may have to be sent more than once.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query, relative to the gateway's address.</param>
internal sealed record GatewayRequest(HttpMethod Method, string Path)
{
    /// <summary>Set for every request that changes something: what makes sending it again safe.</summary>
    public string? OperationId { get; init; }

    /// <summary>The version that a conditional change expects.</summary>
    public int? ExpectedVersion { get; init; }

    /// <summary>The event after which a stream resumes.</summary>
    public string? LastEventId { get; init; }

    /// <summary>Media type that is wanted. Default JSON.</summary>
    public string Accept { get; init; } = "application/json";

    /// <summary>Makes the body anew for each attempt; null for none.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>The message for one attempt.</summary>
    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(Method, Path) { Content = Body?.Invoke() };
        message.Headers.Accept.ParseAdd(Accept);
        if (OperationId is not null) message.Headers.Add("Idempotency-Key", OperationId);
        if (ExpectedVersion is { } version) message.Headers.Add("If-Match", $"\"{version}\"");
        if (LastEventId is not null) message.Headers.Add("Last-Event-ID", LastEventId);
        return message;
    }
}
