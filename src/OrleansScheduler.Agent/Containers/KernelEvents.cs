using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>Waits for counters that the kernel adds to (eventfd). One thread waits for all of them, and only while there are any.</summary>
internal static partial class KernelEvents
{
    private const short Input = 1;
    private static readonly Lock Lock = new();
    private static readonly List<(SafeFileHandle Counter, TaskCompletionSource Done)> Waiting = [];
    private static readonly SafeFileHandle? Changed = Posix.Event();
    private static bool s_isRunning;

    /// <summary>Completes when the kernel has added to the counter, which begins at nothing again.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public static async Task Next(SafeFileHandle counter, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Lock)
        {
            Waiting.Add((counter, done));
            Add(Changed);
            if (!s_isRunning)
            {
                s_isRunning = true;
                new Thread(Watch) { IsBackground = true, Name = "kernel events" }.Start();
            }
        }

        try
        {
            await done.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (Lock) _ = Waiting.RemoveAll(waiting => waiting.Done == done);
            Add(Changed);
        }
    }

    private static void Watch()
    {
        while (true)
        {
            (SafeFileHandle Counter, TaskCompletionSource Done)[] all;
            lock (Lock)
            {
                all = [.. Waiting];
                if (all.Length == 0)
                {
                    s_isRunning = false;
                    return;
                }
            }

            var wanted = new Wanted[all.Length + 1];
            wanted[0] = new() { Descriptor = Of(Changed), Events = Input };
            for (var i = 0; i < all.Length; i++) wanted[i + 1] = new() { Descriptor = Of(all[i].Counter), Events = Input };
            if (Poll(wanted, (nuint)wanted.Length, -1) < 0) continue;
            if (wanted[0].Found != 0) Take(Changed);
            for (var i = 0; i < all.Length; i++)
            {
                if (wanted[i + 1].Found == 0) continue;
                Take(all[i].Counter);
                lock (Lock) _ = Waiting.RemoveAll(waiting => waiting.Done == all[i].Done);
                all[i].Done.TrySetResult();
            }
        }
    }

    // Poll passes over a negative descriptor: that of a counter which was closed meanwhile.
    private static int Of(SafeFileHandle? counter) => counter is { IsClosed: false } ? (int)counter.DangerousGetHandle() : -1;

    private static void Add(SafeFileHandle? counter)
    {
        if (Of(counter) is >= 0 and var descriptor) _ = Write(descriptor, 1, sizeof(ulong));
    }

    private static void Take(SafeFileHandle? counter)
    {
        if (Of(counter) is >= 0 and var descriptor) _ = Read(descriptor, out _, sizeof(ulong));
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll([In, Out] Wanted[] wanted, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, out ulong value, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, in ulong value, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct Wanted
    {
        public int Descriptor;
        public short Events;
        public short Found;
    }
}
