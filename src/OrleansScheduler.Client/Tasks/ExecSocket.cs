using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text.Json;

namespace OrleansScheduler.Client;

/// <summary>The caller's end of a command in a task: one byte says what a message is.</summary>
internal sealed class ExecSocket(ClientWebSocket socket, ExecOptions options)
{
    private const byte Input = 0;
    private const byte InputEnd = 1;
    private const byte Size = 2;
    private const byte Output = 0;
    private const byte Error = 1;
    private const byte End = 2;
    private const int MostInput = 8 * 1024;
    private const int LargestMessage = 256 * 1024;
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Carries bytes until the command has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<Answer<int>> Run(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (input, sizes) = (SendInput(over.Token), SendSizes(over.Token));
        try
        {
            return await Receive(over.Token);
        }
        finally
        {
            // A read of standard input may not end before somebody types: it is left behind.
            await over.CancelAsync();
            _ = Task.WhenAll(input, sizes).ContinueWith(
                task => task.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<Answer<int>> Receive(CancellationToken cancellationToken)
    {
        var buffer = new byte[LargestMessage];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                if (length == buffer.Length) throw new IOException("a message of the gateway is too long");
                received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close) throw new IOException("the gateway closed the connection");
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (length == 0) continue;
            var data = buffer.AsMemory(1, length - 1);
            switch (buffer[0])
            {
                case Output:
                    await Write(options.Output, data, cancellationToken);
                    break;
                case Error:
                    await Write(options.Error, data, cancellationToken);
                    break;
                case End:
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, cancellationToken)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return ReadEnd(JsonSerializer.Deserialize<Ending>(data.Span, WireJson.Options) ?? new(null, null, null, null));
            }
        }
    }

    private static Answer<int> ReadEnd(Ending end) => end.ExitCode is { } code
        ? code
        : Problem.Of(
            ProblemReader.KindOf((System.Net.HttpStatusCode)(end.Status ?? 0), changes: false), end.Code ?? "unexpected-answer",
            end.Detail ?? "The command ended, and nobody said how.");

    private static async Task Write(Stream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(data, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    private async Task SendInput(CancellationToken cancellationToken)
    {
        var buffer = new byte[MostInput];
        if (options.Input is { } input)
        {
            buffer[0] = Input;
            for (int read; (read = await input.ReadAsync(buffer.AsMemory(1), cancellationToken)) > 0;)
                await Send(buffer.AsMemory(0, read + 1), cancellationToken);
        }

        buffer[0] = InputEnd;
        if (options.Terminal is null) await Send(buffer.AsMemory(0, 1), cancellationToken);
    }

    private async Task SendSizes(CancellationToken cancellationToken)
    {
        if (options.Sizes is not { } sizes) return;
        await foreach (var (rows, columns) in sizes.ReadAllAsync(cancellationToken))
        {
            var message = new byte[5];
            message[0] = Size;
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(1), (ushort)rows);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(3), (ushort)columns);
            await Send(message, cancellationToken);
        }
    }

    // One message after the other: a socket has one writer.
    private Task Send(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _last = After(_last);
        }

        async Task After(Task before)
        {
            await before;
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
    }

    private sealed record Ending(int? ExitCode, string? Code, string? Detail, int? Status);
}
