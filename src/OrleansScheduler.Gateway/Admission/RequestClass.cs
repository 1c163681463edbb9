namespace OrleansScheduler.Gateway;

/// <summary>How a request is admitted. Endpoints say so as metadata; those that do not are reads or writes by their method.</summary>
internal enum RequestClass
{
    /// <summary>Never refused: health, and agents, whose registrations have a limit of their own.</summary>
    Free,

    /// <summary>Changes nothing.</summary>
    Read,

    /// <summary>May change something.</summary>
    Write,

    /// <summary>May stay open for days, so it counts against no limit of requests at once.</summary>
    Stream,
}

/// <summary>From endpoints to classes and back.</summary>
internal static class RequestClasses
{
    /// <summary>Says how requests to an endpoint are admitted.</summary>
    public static TBuilder AdmittedAs<TBuilder>(this TBuilder endpoint, RequestClass requests) where TBuilder
        : IEndpointConventionBuilder =>
        endpoint.WithMetadata(requests);

    /// <summary>How a request is admitted. A request that has no endpoint costs nothing but the answer that it has none.</summary>
    public static RequestClass Of(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint) return RequestClass.Free;
        foreach (var metadata in endpoint.Metadata)
        {
            if (metadata is RequestClass requests) return requests;
        }

        var method = context.Request.Method;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? RequestClass.Read : RequestClass.Write;
    }
}
