using System.Collections.Concurrent;

namespace OrleansScheduler.Shim;

/// <summary>
/// Collects every process that ends below this one, its own children and those that lost their parents, at once and without looking on a
/// timer: a thread waits in the kernel.
/// </summary>
internal sealed unsafe class Children : IDisposable
{
    private readonly ConcurrentQueue<(int Pid, int Status)> _ended = [];
    private readonly SemaphoreSlim _mayHaveSome = new(0);

    /// <param name="bell">An event descriptor that is rung whenever something has ended.</param>
    public Children(int bell)
    {
        var thread = new Thread(() => Collect(bell)) { IsBackground = true, Name = "reaper" };
        thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose() => _mayHaveSome.Dispose();

    /// <summary>Whether none was left when it was last looked.</summary>
    public bool HasNone { get; private set; } = true;

    /// <summary>A process was started.</summary>
    public void Expect()
    {
        HasNone = false;
        _mayHaveSome.Release();
    }

    /// <summary>Takes one that has ended: its number and its status as the kernel gives it.</summary>
    public bool TryTake(out (int Pid, int Status) ended) => _ended.TryDequeue(out ended);

    private void Collect(int bell)
    {
        var one = 1UL;
        while (true)
        {
            int status;
            var pid = Native.WaitPid(-1, &status, 0x40000000);
            if (pid > 0)
            {
                _ended.Enqueue((pid, status));
            }
            else if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Native.NoChildren)
            {
                // Somebody may be started between the look and this line; then the semaphore lets the next look happen at once.
                if (_mayHaveSome.CurrentCount == 0) HasNone = true;
                _ = Native.Write(bell, (byte*)&one, sizeof(ulong));
                _mayHaveSome.Wait();
                continue;
            }

            _ = Native.Write(bell, (byte*)&one, sizeof(ulong));
        }
    }
}
