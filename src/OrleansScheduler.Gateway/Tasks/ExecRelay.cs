using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text.Json;

namespace OrleansScheduler.Gateway;

/// <summary>Carries bytes between somebody's WebSocket and a command in a task. Neither side can get ahead of the other by more than a
/// piece, and the command ends with the socket.</summary>
internal sealed class ExecRelay(TaskPlace place, WebSocket socket, TimeProvider time)
{
    private const byte Input = 0;
    private const byte InputEnd = 1;
    private const byte Size = 2;
    private const byte Output = 0;
    private const byte Error = 1;
    private const byte End = 2;
    private const int LargestMessage = 16 * 1024;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    /// <summary>Starts the command and carries until either side has ended.</summary>
    /// <returns>How it ended, for the record.</returns>
    public async Task<string> Run(ExecRequest first, CancellationToken cancellationToken)
    {
        var started = await Call(first);
        if (started.Value is not { Session: var session }) return await Refuse(started.Problem!, cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = CarryOutput(session, over.Token);
        var input = CarryInput(session, over.Token);
        await Task.WhenAny(output, input);

        // Either its user has heard how it ended, and has a moment to hang up, or is gone before that.
        if (output.IsCompletedSuccessfully)
            await input.WaitAsync(Goodbye, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            _ = await Call(new() { Session = session, Close = true });

        await over.CancelAsync();
        await Task.WhenAll(output, input).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return output.IsCompletedSuccessfully ? await output : "its user has left";
    }

    private async Task<string> CarryOutput(string session, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await Call(new() { Session = session, Wait = Poll });
            if (answer.Problem is { } problem) return await Refuse(problem, cancellationToken);
            await Send(Output, answer.Value!.Output.AsMemory(), cancellationToken);
            await Send(Error, answer.Value.Error.AsMemory(), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (answer.Value.ExitCode is not { } code) continue;
            await Finish(JsonSerializer.SerializeToUtf8Bytes(new { exitCode = code }, WireJson.Options), cancellationToken);
            return $"exit code {code}";
        }
    }

    private async Task CarryInput(string session, CancellationToken cancellationToken)
    {
        var buffer = new byte[LargestMessage];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                if (length == buffer.Length) return;
                received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close) return;
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (length > 0 && !await Take(session, buffer.AsMemory(0, length), cancellationToken)) return;
        }
    }

    /// <summary>Takes one message; false when it is none.</summary>
    private async Task<bool> Take(string session, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var rest = message[1..];
        switch (message.Span[0])
        {
            case Size when rest.Length == 4:
                var (rows, columns) = (BinaryPrimitives.ReadUInt16BigEndian(rest.Span),
                    BinaryPrimitives.ReadUInt16BigEndian(rest.Span[2..]));
                _ = await Call(new() { Session = session, Rows = rows, Columns = columns });
                return true;
            case InputEnd or Input:
                var isLast = message.Span[0] == InputEnd;
                while (true)
                {
                    var answer = await Call(new() { Session = session, Input = [.. rest.Span], InputEnded = isLast });

                    // A command that has ended reads no more; what it wrote last is still under way to its user.
                    if (answer.Value is not { } taken) return true;
                    rest = rest[Math.Clamp(taken.InputTaken, 0, rest.Length)..];
                    if (rest.IsEmpty) return true;
                    await Task.Delay(Pause, time, cancellationToken);
                }

            default:
                return false;
        }
    }

    private async Task<Answer<ExecAnswer>> Call(ExecRequest request)
    {
        try
        {
            return await place.Node.Exec(place.Attempt, request);
        }
        catch (Exception exception) when (Failures.OfGrainCall(exception, HttpMethods.Get) is not null)
        {
            return Failures.OfGrainCall(exception, HttpMethods.Get)!;
        }
    }

    private async Task<string> Refuse(Problem problem, CancellationToken cancellationToken)
    {
        var kind = ProblemStatus.Of(problem.Kind);
        await Finish(
            JsonSerializer.SerializeToUtf8Bytes(new { code = problem.Code, detail = problem.Message, status = kind }, WireJson.Options),
            cancellationToken);
        return problem.Code;
    }

    private async Task Finish(byte[] end, CancellationToken cancellationToken)
    {
        await Send(End, end, cancellationToken);
        using var limit = new CancellationTokenSource(Goodbye, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, both.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Send(byte kind, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (data.IsEmpty) return;
        await socket.SendAsync(new byte[] { kind }, WebSocketMessageType.Binary, endOfMessage: false, cancellationToken);
        await socket.SendAsync(data, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
    }
}
