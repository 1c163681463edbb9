using System.Collections.Concurrent;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>
/// Starts supervisors, from a thread of its own: what a thread starts after it has asked for new process numbers is their first, and such a
/// thread must not start threads. Between two starts it goes back to the machine's numbers.
/// </summary>
/// <remarks>A program of its own that did this between agent and supervisor cost 2.5 ms more a start (<c>osched bench agent</c>).</remarks>
internal sealed class SupervisorLauncher : IDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(30);
    private readonly ShimProgram _shim;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Thread _thread;
    private int _ownNumbers = -1;

    public SupervisorLauncher(ShimProgram shim)
    {
        _shim = shim;
        _thread = new(Work) { IsBackground = true, Name = "supervisor launcher" };
        _thread.Start();
    }

    /// <summary>Starts the supervisor of an attempt. Its number is on disk when this completes.</summary>
    /// <param name="directory">The attempt's directory, with what is to run.</param>
    /// <param name="processNumbers">Whether its task has process numbers of its own.</param>
    /// <exception cref="ShimException">It cannot be started.</exception>
    public async Task Start(string directory, bool processNumbers)
    {
        var request = new Request(directory, processNumbers, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _requests.Add(request);
        var ready = await request.Started.Task;
        await Task.Run(() => SupervisorStart.AwaitReady(directory, ready, LongestStart));
    }

    /// <summary>Collects a supervisor that this agent has started; false while some of it has not ended.</summary>
    public static unsafe bool Collect(int pid)
    {
        int status;
        return Native.WaitPid(pid, &status, Native.DoNotWait) != 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.CompleteAdding();
        _thread.Join();
        _requests.Dispose();
        if (_ownNumbers >= 0) _ = Native.Close(_ownNumbers);
    }

    private void Work()
    {
        foreach (var request in _requests.GetConsumingEnumerable())
        {
            try
            {
                request.Started.SetResult(Begin(request));
            }
            catch (Exception e) when (e is ShimException or IOException or UnauthorizedAccessException)
            {
                request.Started.SetException(e);
            }
        }
    }

    private int Begin(Request request)
    {
        string[] words = [Path.GetFileName(_shim.Path), .. _shim.Arguments];
        if (!request.ProcessNumbers) return SupervisorStart.Begin(request.Directory, _shim.Path, words);
        if (_ownNumbers < 0)
        {
            _ownNumbers = Native.Check(
                Native.Open("/proc/self/ns/pid", Native.CloseOnExec, 0), "cannot find the machine's process numbers");
        }

        _ = Native.Check(Native.Unshare(Native.NewNamespacePid), "cannot make a namespace for process numbers");
        try
        {
            return SupervisorStart.Begin(request.Directory, _shim.Path, words);
        }
        finally
        {
            _ = Native.Check(Native.SetNamespace(_ownNumbers, Native.NewNamespacePid), "cannot go back to the machine's process numbers");
        }
    }

    private sealed record Request(string Directory, bool ProcessNumbers, TaskCompletionSource<int> Started);
}
