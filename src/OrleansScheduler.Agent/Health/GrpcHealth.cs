using Grpc.Core;
using Grpc.Net.Client;
using OrleansScheduler.Agent.GrpcHealthV1;

namespace OrleansScheduler.Agent;

/// <summary>Asks a task by the health protocol of gRPC.</summary>
internal static class GrpcHealth
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>Asks once, on a connection of its own: a task that no longer accepts any is not well.</summary>
    /// <returns>Null when it is well, else why it is not.</returns>
    public static async Task<string?> Ask(int? port, string service, CancellationToken cancellationToken)
    {
        if (port is not { } number) return "the task has no such port";
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{number}", new() { HttpHandler = handler, MaxReceiveMessageSize = LongestAnswer });
        try
        {
            var answer = await new Health.HealthClient(channel).CheckAsync(new() { Service = service },
                cancellationToken: cancellationToken);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? null : $"its gRPC health is {answer.Status}";
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            return $"its gRPC health could not be asked for: {e.StatusCode} {e.Status.Detail}";
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
