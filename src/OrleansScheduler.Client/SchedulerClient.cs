using System.Net.Http.Json;

namespace OrleansScheduler.Client;

/// <summary>A cell as a program sees it: one method for each thing a gateway can be asked.</summary>
/// <remarks>
/// Expected failures are answers, never exceptions; a gateway that cannot be reached is one of them
/// (<see cref="ProblemKind.Unavailable"/>).
/// Requests that change something carry an operation id, given or made up, so that sending them again after a lost answer is safe.
/// The methods stand in the folder of the noun they are about. Safe for concurrent use.
/// </remarks>
public sealed partial class SchedulerClient : IDisposable
{
    private readonly GatewayTransport _transport;

    /// <summary>A client of the gateway that <paramref name="options"/> name. Opens no connection yet.</summary>
    /// <param name="options">Address and patience.</param>
    /// <param name="handler">What carries the requests; disposed with the client. Null for the usual sockets.</param>
    public SchedulerClient(SchedulerClientOptions options, HttpMessageHandler? handler = null) => _transport = new(options, handler);

    /// <summary>The gateway that is asked.</summary>
    public Uri Gateway => _transport.Gateway;

    /// <summary>A fresh operation id: unguessable, so that no two callers ever share one.</summary>
    public static string NewOperationId() => Guid.CreateVersion7().ToString("n");

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    private Task<Answer<T>> ReadAsync<T>(string path, CancellationToken cancellationToken) =>
        _transport.SendAsync<T>(new(HttpMethod.Get, path), cancellationToken);

    private Task<Answer<T>> ChangeAsync<T>(string path, object? body, string? operationId, CancellationToken cancellationToken) =>
        ChangeAsync<T>(HttpMethod.Post, path, body, operationId, cancellationToken);

    private Task<Answer<T>> ChangeAsync<T>(
        HttpMethod method, string path, object? body, string? operationId, CancellationToken cancellationToken) =>
        _transport.SendAsync<T>(
            new(method, path)
            {
                OperationId = operationId ?? NewOperationId(),
                Body = body is null ? null : () => BodyOf(body),
            },
            cancellationToken);

    private static JsonContent BodyOf(object body) => JsonContent.Create(body, body.GetType(), options: WireJson.Options);
}
