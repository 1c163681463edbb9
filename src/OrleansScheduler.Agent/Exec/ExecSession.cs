using System.Threading.Channels;

namespace OrleansScheduler.Agent;

/// <summary>A command that somebody runs in a task: holds a bounded amount of what it wrote until that is fetched, and ends with whoever
/// fetches it.</summary>
internal sealed class ExecSession : IDisposable
{
    /// <summary>Most bytes of one answer.</summary>
    public const int LargestPiece = 64 * 1024;

    private const int BufferSize = 4096;
    private const int MostPieces = 16;
    private readonly Channel<(bool IsError, byte[] Bytes)> _output = Channel.CreateBounded<(bool, byte[])>(MostPieces);
    private readonly Channel<byte[]> _input = Channel.CreateBounded<byte[]>(MostPieces);
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TimeProvider _time;
    private readonly IEnteredCommand _command;
    private int _exitCode;
    private bool _isInputEnded;

    /// <summary>Goes along with a command that has begun.</summary>
    public ExecSession(AttemptId attempt, IEnteredCommand command, TimeProvider time)
    {
        (Attempt, _command, _time) = (attempt, command, time);
        LastHeard = time.GetTimestamp();
        Ended = Run();
    }

    /// <summary>The task.</summary>
    public AttemptId Attempt { get; }

    /// <summary>When somebody last asked for what it wrote.</summary>
    public long LastHeard { get; private set; }

    /// <summary>Completes when the command has ended.</summary>
    public Task Ended { get; }

    /// <summary>Completes when nobody wants anything of it any more: its end was handed over, or it was closed.</summary>
    public Task Finished => _finished.Task;

    /// <summary>One exchange.</summary>
    /// <returns>What was written, how much of the input was taken, and the exit code once all has been handed over.</returns>
    public async Task<(byte[] Output, byte[] Error, int Taken, int? ExitCode)> Exchange(
        ReadOnlyMemory<byte> input, bool isLast, TimeSpan wait, CancellationToken cancellationToken)
    {
        LastHeard = _time.GetTimestamp();
        var taken = Feed(input.Span, isLast);
        // What is typed and what is read come by different exchanges, so that neither waits for the other.
        if (wait == TimeSpan.Zero) return ([], [], taken, null);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await Something(wait, cancellationToken);
            var (output, error) = (new List<byte>(), new List<byte>());
            while (output.Count + error.Count <= LargestPiece - BufferSize && _output.Reader.TryRead(out var piece))
                (piece.IsError ? error : output).AddRange(piece.Bytes);
            LastHeard = _time.GetTimestamp();
            var isOver = _output.Reader.Completion.IsCompleted;
            if (isOver) _finished.TrySetResult();
            return ([.. output], [.. error], taken, isOver ? _exitCode : null);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sets the size of its terminal, if it has one.</summary>
    public void Resize(int rows, int columns) => _command.Resize(rows, columns);

    /// <summary>Ends the command and what it has started.</summary>
    public void Close()
    {
        _over.Cancel();
        _finished.TrySetResult();
    }

    /// <summary>
    /// Gives back what the command had. Whoever finishes a session, or asks once more, may be in an exchange still and gets his answer: so
    /// what exchanges need is left to the collector, which has nothing to give back for it.
    /// </summary>
    public void Dispose() => _command.Dispose();

    /// <summary>Takes as much as there is room for: a command that does not read must hold up nobody.</summary>
    private int Feed(ReadOnlySpan<byte> input, bool isLast)
    {
        if (_isInputEnded || _over.IsCancellationRequested) return input.Length;
        var taken = 0;
        while (taken < input.Length)
        {
            var piece = input[taken..Math.Min(taken + BufferSize, input.Length)];
            if (!_input.Writer.TryWrite([.. piece])) return taken;
            taken += piece.Length;
        }

        if (!isLast) return taken;
        _isInputEnded = true;
        _input.Writer.TryComplete();
        return taken;
    }

    private async Task Something(TimeSpan wait, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(wait, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await ((Task)_output.Reader.WaitToReadAsync(both.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Run()
    {
        _exitCode = await _command.Run(
            _input.Reader, (isError, bytes) => _output.Writer.WriteAsync((isError, bytes), _over.Token), _over.Token);
        _output.Writer.TryComplete();
        await _over.CancelAsync();
    }
}
