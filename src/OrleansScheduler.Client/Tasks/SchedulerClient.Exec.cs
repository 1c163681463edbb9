using System.Net.WebSockets;

namespace OrleansScheduler.Client;

/// <content>Commands in tasks.</content>
public sealed partial class SchedulerClient
{
    /// <summary>Runs a command in a task until it has ended; cancelling ends it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="options">What runs, and where its input and output go.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <returns>Its exit code.</returns>
    public async Task<Answer<int>> ExecAsync(TaskKey task, ExecOptions options, CancellationToken cancellationToken = default)
    {
        var path = Query.Path(
            $"v1/tasks/{task}/exec",
            [.. options.Command.Select(word => ("command", (object?)word)), ("terminal", options.Terminal), ("rows", options.Rows),
                ("columns", options.Columns)]);
        var url = new UriBuilder(new Uri(new Uri(Gateway.AbsoluteUri.TrimEnd('/') + "/"), path));
        url.Scheme = url.Scheme == "https" ? "wss" : "ws";
        using var socket = new ClientWebSocket();
        try
        {
            socket.Options.CollectHttpResponseDetails = true;
            await socket.ConnectAsync(url.Uri, cancellationToken);
        }
        catch (WebSocketException e)
        {
            // Why it was refused is in the answer to the same question without the socket.
            if ((int)socket.HttpStatusCode is 0 or 101)
                return _transport.Describe(e.InnerException as HttpRequestException ?? new HttpRequestException(e.Message));
            var refusal = await ReadAsync<CommandReceipt>(path, cancellationToken);
            return refusal.Problem ?? Problem.Of(ProblemKind.Unavailable, "unexpected-answer", e.Message);
        }

        try
        {
            return await new ExecSocket(socket, options).Run(cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            return _transport.Describe(e);
        }
    }
}
