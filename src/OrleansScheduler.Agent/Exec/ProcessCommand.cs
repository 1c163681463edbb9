using System.Diagnostics;
using System.Threading.Channels;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>A command in a task that is a process of this node, with pipes or a terminal.</summary>
internal sealed class ProcessCommand : IEnteredCommand
{
    private const int BufferSize = 4096;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FullTerminal = TimeSpan.FromMilliseconds(20);
    private readonly TimeProvider _time;
    private readonly Terminal? _terminal;
    private readonly Process _process;
    private readonly Action? _after;

    /// <summary>Starts the command.</summary>
    /// <param name="enter">The words of what is started, with the file of its terminal and that one's kind, or without.</param>
    /// <param name="wish">The terminal that it gets; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="after">What is done when it is over.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    /// <exception cref="IOException">There is no terminal for it.</exception>
    public ProcessCommand(
        Func<(string File, string Kind)?, string[]> enter, TerminalWish? wish, TimeProvider time, Action? after = null)
    {
        (_time, _after) = (time, after);
        _terminal = wish is null ? null : new();
        try
        {
            // Before it begins: not everything that stands between this and the command passes later changes on.
            if (wish is { Rows: > 0, Columns: > 0 }) _terminal!.Resize(wish.Rows, wish.Columns);
            var words = enter(_terminal is { } own ? (own.Name, wish!.Kind) : null);
            var start = new ProcessStartInfo(words[0], words[1..])
            {
                UseShellExecute = false,
                WorkingDirectory = "/",
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment.Clear();
            _process = Process.Start(start)!;
        }
        catch
        {
            _terminal?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Resize(int rows, int columns) => _terminal?.Resize(rows, columns);

    /// <inheritdoc/>
    public async Task<int> Run(ChannelReader<byte[]> input, Func<bool, byte[], ValueTask> say, CancellationToken over)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(over);
        var copies = _terminal is null
            ? Task.WhenAll(
                Copy(_process.StandardOutput.BaseStream, bytes => say(false, bytes), ended.Token),
                Copy(_process.StandardError.BaseStream, bytes => say(true, bytes), ended.Token))
            : Task.Factory.StartNew(
                () => CopyTerminal(bytes => say(false, bytes), ended.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        var passing = _terminal is { } terminal ? PassTo(terminal, input, ended.Token) : Pass(input, ended.Token);
        await ((Task)_process.WaitForExitAsync(over)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        EndTree();
        await ((Task)_process.WaitForExitAsync(CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // What it wrote last may still be under way; what others hold open is not waited for, except for whoever still fetches.
        await copies.WaitAsync(LastWords, _time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.CancelAsync();
        await Task.WhenAll(copies, passing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Dispose();
        _terminal?.Dispose();
        _after?.Invoke();
    }

    // What it has left behind and detached from itself belongs to the task and ends with that.
    private void EndTree()
    {
        if (_process.HasExited) return;
        Descendants.Kill(_process.Id);
        _process.Kill();
    }

    private async Task Pass(ChannelReader<byte[]> input, CancellationToken over)
    {
        var stream = _process.StandardInput.BaseStream;
        await foreach (var piece in input.ReadAllAsync(over))
        {
            await stream.WriteAsync(piece, over);
            await stream.FlushAsync(over);
        }

        _process.StandardInput.Close();
    }

    // A terminal has no end; its user types the sign for it.
    private async Task PassTo(Terminal terminal, ChannelReader<byte[]> input, CancellationToken over)
    {
        await foreach (var piece in input.ReadAllAsync(over)) await Type(piece);
        await Type([4]);

        async Task Type(byte[] bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += terminal.Write(bytes.AsSpan(sent));
                if (sent < bytes.Length) await Task.Delay(FullTerminal, _time, over);
            }
        }
    }

    private static async Task Copy(Stream stream, Func<byte[], ValueTask> say, CancellationToken over)
    {
        var buffer = new byte[BufferSize];
        for (int read; (read = await stream.ReadAsync(buffer, over)) > 0;) await say(buffer[..read]);
    }

    private void CopyTerminal(Func<byte[], ValueTask> say, CancellationToken over)
    {
        var buffer = new byte[BufferSize];
        while (!over.IsCancellationRequested)
        {
            var read = _terminal!.Read(buffer);
            if (read < 0 || (read == 0 && _process.HasExited)) return;
            if (read > 0) say(buffer[..read]).AsTask().GetAwaiter().GetResult();
        }
    }
}
