using System.Diagnostics;
using System.Threading.Channels;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>A command that somebody runs in a task: holds a bounded amount of what it wrote until that is fetched, and ends with whoever
/// fetches it.</summary>
internal sealed class ExecSession : IDisposable
{
    /// <summary>Most bytes of one answer.</summary>
    public const int LargestPiece = 64 * 1024;

    private const int BufferSize = 4096;
    private const int MostPieces = 16;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private readonly Channel<(bool IsError, byte[] Bytes)> _output = Channel.CreateBounded<(bool, byte[])>(MostPieces);
    private readonly Channel<byte[]> _input = Channel.CreateBounded<byte[]>(MostPieces);
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TimeProvider _time;
    private readonly Terminal? _terminal;
    private readonly Process _process;
    private int _exitCode;
    private bool _isInputEnded;

    /// <summary>Starts the command.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    /// <exception cref="IOException">There is no terminal for it.</exception>
    public ExecSession(AttemptId attempt, Func<(string File, string Kind)?, ProcessStartInfo> enter, string? terminalKind,
        TimeProvider time)
    {
        (Attempt, _time) = (attempt, time);
        _terminal = terminalKind is null ? null : new();
        try
        {
            _process = Process.Start(enter(_terminal is { } own ? (own.Name, terminalKind!) : null))!;
        }
        catch
        {
            _terminal?.Dispose();
            throw;
        }

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
    public void Resize(int rows, int columns) => _terminal?.Resize(rows, columns);

    /// <summary>Ends the command and what it has started.</summary>
    public void Close()
    {
        _over.Cancel();
        _finished.TrySetResult();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Dispose();
        _turn.Dispose();
        _process.Dispose();
        _terminal?.Dispose();
    }

    /// <summary>Takes as much as there is room for: a command that does not read must hold up nobody.</summary>
    private int Feed(ReadOnlySpan<byte> input, bool isLast)
    {
        if (_isInputEnded || _over.IsCancellationRequested) return input.Length;
        var taken = 0;
        while (taken < input.Length)
        {
            var piece = input[taken..Math.Min(taken + BufferSize, input.Length)];
            var count = _terminal is { } terminal ? terminal.Write(piece) : _input.Writer.TryWrite([.. piece]) ? piece.Length : 0;
            if (count == 0) return taken;
            taken += count;
        }

        if (!isLast) return taken;
        _isInputEnded = true;

        // A terminal has no end; its user types the sign for it.
        _terminal?.Write([4]);
        _input.Writer.TryComplete();
        return taken;
    }

    private async Task PassInput()
    {
        var stream = _process.StandardInput.BaseStream;
        await foreach (var piece in _input.Reader.ReadAllAsync(_over.Token))
        {
            await stream.WriteAsync(piece, _over.Token);
            await stream.FlushAsync(_over.Token);
        }

        _process.StandardInput.Close();
    }

    private async Task Something(TimeSpan wait, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(wait, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await ((Task)_output.Reader.WaitToReadAsync(both.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Run()
    {
        var copies = _terminal is null
            ? Task.WhenAll(Copy(_process.StandardOutput.BaseStream, isError: false), Copy(_process.StandardError.BaseStream, isError: true))
            : Task.Factory.StartNew(CopyTerminal, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var input = _terminal is null ? PassInput() : Task.CompletedTask;
        await ((Task)_process.WaitForExitAsync(_over.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        EndTree();
        await ((Task)_process.WaitForExitAsync(CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _exitCode = _process.ExitCode;

        // What it wrote last may still be under way; what others hold open is not waited for, except for whoever still fetches.
        await copies.WaitAsync(LastWords, _time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _output.Writer.TryComplete();
        await _over.CancelAsync();
        await Task.WhenAll(copies, input).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // What it has left behind and detached from itself belongs to the task and ends with that.
    private void EndTree()
    {
        if (_process.HasExited) return;
        Descendants.Kill(_process.Id);
        _process.Kill();
    }

    private async Task Copy(Stream stream, bool isError)
    {
        var buffer = new byte[BufferSize];
        for (int read; (read = await stream.ReadAsync(buffer, _over.Token)) > 0;)
            await _output.Writer.WriteAsync((isError, buffer[..read]), _over.Token);
    }

    private void CopyTerminal()
    {
        var buffer = new byte[BufferSize];
        while (!_over.IsCancellationRequested)
        {
            var read = _terminal!.Read(buffer);
            if (read < 0 || (read == 0 && _process.HasExited)) return;
            if (read > 0) _output.Writer.WriteAsync((false, buffer[..read]), _over.Token).AsTask().GetAwaiter().GetResult();
        }
    }
}
