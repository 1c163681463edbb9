using System.Threading.Channels;
using Docker.DotNet;

namespace OrleansScheduler.Agent;

/// <summary>A command in a container of an engine.</summary>
/// <param name="engine">The engine.</param>
/// <param name="id">Its number there.</param>
/// <param name="stream">What it reads and writes.</param>
/// <param name="hasTerminal">Whether the engine gave it a terminal.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineCommand(ContainerEngine engine, string id, MultiplexedStream stream, bool hasTerminal, TimeProvider time)
    : IEnteredCommand
{
    private const int BufferSize = 4096;
    private const int NobodyKnows = 255;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<int> Run(ChannelReader<byte[]> input, Func<bool, byte[], ValueTask> say, CancellationToken over)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(over);
        var copy = Copy(say, ended.Token);
        var passing = Pass(input, ended.Token);
        int code;
        try
        {
            code = await Code(copy, over);

            // What others in the container hold open is not waited for.
            await copy.WaitAsync(LastWords, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException)
        {
            await engine.EndCommand(id);
            code = NobodyKnows;
        }
        catch (EngineException e)
        {
            await say(true, System.Text.Encoding.UTF8.GetBytes(e.Message + "\n"));
            code = NobodyKnows;
        }

        await ended.CancelAsync();
        stream.Dispose();
        await Task.WhenAll(copy, passing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return code;
    }

    /// <inheritdoc/>
    public void Resize(int rows, int columns)
    {
        if (hasTerminal) _ = engine.Resize(id, rows, columns);
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    // An engine tells the end of the output at once and that of the command when it is asked.
    private async Task<int> Code(Task copy, CancellationToken over)
    {
        for (var pause = FirstPause; ; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            if (copy.IsCompleted) await Task.Delay(pause, time, over);
            else await Task.WhenAny(copy, Task.Delay(pause, time, over));
            over.ThrowIfCancellationRequested();
            if (await engine.CodeOf(id, over) is { } code) return code;
        }
    }

    private async Task Copy(Func<bool, byte[], ValueTask> say, CancellationToken over)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var read = await stream.ReadOutputAsync(buffer, 0, buffer.Length, over);
            if (read.EOF) return;
            await say(read.Target == MultiplexedStream.TargetStream.StandardError, buffer[..read.Count]);
        }
    }

    private async Task Pass(ChannelReader<byte[]> input, CancellationToken over)
    {
        await foreach (var piece in input.ReadAllAsync(over)) await stream.WriteAsync(piece, 0, piece.Length, over);

        // A terminal has no end; its user types the sign for it.
        if (hasTerminal) await stream.WriteAsync([4], 0, 1, over);
        else stream.CloseWrite();
    }
}
