using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansScheduler.Shim;

/// <summary>
/// Looks after one task from its start to its end: starts its processes, keeps their output, does what the agent asks through a pipe, holds
/// the lease, ends everything and records how it ended. One thread waits for all of that at once.
/// </summary>
internal sealed unsafe class Supervisor : IDisposable
{
    private const int BufferSize = 64 * 1024;
    private const int SignalExitBase = 128;
    private const int KilledByLease = Native.SigKill;
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);
    private readonly ShimSpec _spec;
    private readonly string _directory;
    private readonly TaskPlan _plan;
    private readonly Dictionary<int, int> _running = [];
    private readonly Dictionary<int, int> _lastStatus = [];
    private readonly List<(int Descriptor, LogWriter Writer, int Process)> _outputs = [];
    private readonly List<(int Descriptor, int Process)> _starting = [];
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly int _bell;
    private readonly ControlPipe _control;
    private readonly Children _children;
    private readonly long _killsBefore;
    private string? _error;
    private bool _leaseIsOver;

    private Supervisor(string directory, ShimSpec spec)
    {
        (_directory, _spec) = (directory, spec);
        _plan = new(_spec);
        _bell = Native.Check(Native.EventDescriptor(0, Native.CloseOnExec | Native.NonBlocking), "cannot make an event");
        _control = new(directory);
        _killsBefore = CountKills();
        _children = new(_bell);
    }

    /// <summary>Runs the task of a directory to its end.</summary>
    public static void Run(string directory)
    {
        Directory.SetCurrentDirectory("/");

        // It ends when its task has, whatever is sent to it politely.
        foreach (var signal in (ReadOnlySpan<int>)[1, 2, 3, Native.SigTerm]) _ = Native.Signal(signal, Native.Ignore);

        var spec = ShimSpec.Read(directory);
        if (spec.Guarded is not null)
        {
            Guard.Run(directory, spec);
            return;
        }

        // Those of its children who lose their parents become its own, so that it can end and collect them.
        _ = Native.ProcessControl(Native.SetChildSubreaper, 1, 0, 0, 0);
        using var supervisor = new Supervisor(directory, spec);
        SupervisorStart.Ready(directory);
        supervisor.Run();
    }

    /// <inheritdoc/>
    public void Dispose() => _children.Dispose();

    private static long Now => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    private void Run()
    {
        if (_spec.Lease is { } lease && Native.BootMillis() >= lease.StartBy) EndWithLease(lease);
        while (!_leaseIsOver && _error is null)
        {
            foreach (var step in _plan.Next(Now)) Carry(step);
            if (_plan.Stage == TaskStage.Over || _error is not null) break;
            Wait(Timeout());
            CheckLease();
        }

        EndEverything();
        Record();
    }

    private void Carry(PlanStep step)
    {
        var pid = _running.FirstOrDefault(pair => pair.Value == step.Process).Key;
        switch (step.Verb)
        {
            case PlanVerb.Start:
                Start(step.Process);
                break;
            case PlanVerb.Ask when pid > 0:
                _ = Native.Kill(-pid, Native.SigTerm);
                break;
            case PlanVerb.Kill when pid > 0:
                _ = Native.Kill(-pid, Native.SigKill);
                break;
            default:
                break;
        }
    }

    private void Start(int process)
    {
        var name = _spec.Processes[process].Name;
        var logs = Directory.CreateDirectory(Path.Combine(_directory, "logs", name)).FullName;
        try
        {
            var nothing = Native.Check(Native.Open("/dev/null", Native.ReadOnly | Native.CloseOnExec, 0), "cannot open /dev/null");
            var (output, outputEnd) = Pipe();
            var (errors, errorsEnd) = Pipe();
            var (outcome, outcomeEnd) = Pipe();
            var pid = Native.Spawn(
                Self.Program, [.. Self.Words, "execute", _directory, process.ToString(CultureInfo.InvariantCulture)],
                _spec.Environment, [nothing, outputEnd, errorsEnd, outcomeEnd]);
            _children.Expect();
            foreach (var end in (ReadOnlySpan<int>)[nothing, outputEnd, errorsEnd, outcomeEnd]) _ = Native.Close(end);
            _running[pid] = process;
            _outputs.Add((output, new(logs, "stdout", _spec.RotateSize, _spec.Keep), process));
            _outputs.Add((errors, new(logs, "stderr", _spec.RotateSize, _spec.Keep), process));
            _starting.Add((outcome, process));
        }
        catch (ShimException e)
        {
            _error = e.Message;
        }
    }

    private static (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        _ = Native.Check(Native.Pipe(ends, Native.CloseOnExec), "cannot make a pipe");
        return (ends[0], ends[1]);
    }

    private int Timeout()
    {
        var wait = _plan.WakeAt == long.MaxValue ? long.MaxValue : Math.Max(0, _plan.WakeAt - Now);
        if (_spec.Lease is { } lease) wait = Math.Min(wait, Math.Max(0, lease.Over() - Native.BootMillis()));
        return wait == long.MaxValue ? -1 : (int)Math.Min(wait, int.MaxValue);
    }

    private void Wait(int milliseconds)
    {
        var count = 2 + _outputs.Count + _starting.Count;
        Span<Native.PollEntry> entries = stackalloc Native.PollEntry[count];
        entries[0] = new() { Descriptor = _bell, Events = Native.PollIn };
        entries[1] = new() { Descriptor = _control.Descriptor, Events = Native.PollIn };
        for (var i = 0; i < _outputs.Count; i++) entries[2 + i] = new() { Descriptor = _outputs[i].Descriptor, Events = Native.PollIn };
        for (var i = 0; i < _starting.Count; i++)
            entries[2 + _outputs.Count + i] = new() { Descriptor = _starting[i].Descriptor, Events = Native.PollIn };
        fixed (Native.PollEntry* start = entries)
        {
            if (Native.Poll(start, (nuint)count, milliseconds) <= 0) return;
        }

        // What was started is looked at first: its failure explains its end.
        for (var i = _starting.Count - 1; i >= 0; i--)
        {
            if (entries[2 + _outputs.Count + i].Happened != 0) ReadOutcome(i);
        }

        for (var i = _outputs.Count - 1; i >= 0; i--)
        {
            if (entries[2 + i].Happened != 0) ReadOutput(i);
        }

        if (entries[1].Happened != 0) _control.Read(Obey);
        if (entries[0].Happened != 0) Collect();
    }

    /// <summary>A process says nothing when it has become what it is to run, and else why it could not.</summary>
    private void ReadOutcome(int index)
    {
        var (descriptor, _) = _starting[index];
        int read;
        fixed (byte* start = _buffer) read = (int)Native.Read(descriptor, start, BufferSize);
        if (read > 0) _error = Encoding.UTF8.GetString(_buffer, 0, read);
        _ = Native.Close(descriptor);
        _starting.RemoveAt(index);
    }

    private void ReadOutput(int index)
    {
        var (descriptor, writer, _) = _outputs[index];
        fixed (byte* start = _buffer)
        {
            var read = (int)Native.Read(descriptor, start, BufferSize);
            if (read > 0)
            {
                writer.Write(start, read);
                return;
            }

            if (read < 0 && Marshal.GetLastPInvokeError() is Native.Interrupted or Native.TryAgain) return;
        }

        writer.Close();
        _ = Native.Close(descriptor);
        _outputs.RemoveAt(index);
    }

    private void Obey(string word)
    {
        if (word == "stop") _plan.Stop();
        else if (word == "kill") _plan.Kill();
        else if (word.StartsWith("signal ", StringComparison.Ordinal)
            && int.TryParse(word.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out var signal))
        {
            foreach (var pid in _running.Keys) _ = Native.Kill(-pid, signal);
        }
    }

    private void Collect()
    {
        var value = 0UL;
        _ = Native.Read(_bell, (byte*)&value, sizeof(ulong));
        while (_children.TryTake(out var ended))
        {
            if (!_running.Remove(ended.Pid, out var process)) continue;
            _lastStatus[process] = ended.Status;
            for (var i = _starting.Count - 1; i >= 0; i--)
            {
                if (_starting[i].Process == process) ReadOutcome(i);
            }

            // Whatever it left in its session ends with it, before it may be started again.
            _ = Native.Kill(-ended.Pid, Native.SigKill);
            _plan.Ended(process, ended.Status == 0);
        }
    }

    private void CheckLease()
    {
        if (_spec.Lease is { } lease && Native.BootMillis() >= lease.Over()) EndWithLease(lease);
    }

    private void EndWithLease(LeaseSpec lease)
    {
        _leaseIsOver = true;
        lease.Expire();
    }

    /// <summary>Ends every process of the task and collects its last output.</summary>
    private void EndEverything()
    {
        var began = Now;
        var patience = (long)LongestEnd.TotalMilliseconds;
        while (true)
        {
            KillAll();
            Collect();
            if (_children.HasNone && _running.Count == 0 && _outputs.Count == 0) break;
            if (Now - began > patience) break;

            // Nobody who could write is left, so what does not end now is held open from outside.
            if (_children.HasNone && _running.Count == 0 && Now - began > 500) break;
            Wait(10);
        }

        foreach (var (descriptor, writer, _) in _outputs)
        {
            writer.Close();
            _ = Native.Close(descriptor);
        }

        _outputs.Clear();
    }

    private void KillAll()
    {
        if (_spec.Isolation.ProcessNumbers && Environment.ProcessId == 1)
        {
            _ = Native.Kill(-1, Native.SigKill);
            return;
        }

        foreach (var pid in _running.Keys) _ = Native.Kill(-pid, Native.SigKill);
        Descendants.Kill(Environment.ProcessId);
    }

    private void Record()
    {
        var (code, signal, message) = Outcome();
        var (cpu, peak) = Native.UsageOfChildren();
        new ExitRecord
        {
            Code = _error is null ? code : null,
            Signal = _error is null ? signal : null,
            OutOfMemory = CountKills() > _killsBefore,
            Error = _error,
            Message = message,
            CpuMillis = cpu,
            PeakBytes = peak,
            At = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        }.Write(_spec.ExitFile, _directory);
    }

    private (int? Code, int? Signal, string? Message) Outcome()
    {
        if (_leaseIsOver) return (null, KilledByLease, null);
        if (_spec.Processes is [_])
        {
            var (code, signal) = _lastStatus.TryGetValue(0, out var status) ? Read(status) : (null, Native.SigKill);
            return (code, signal, null);
        }

        if (_plan.FirstFailed is { } failed && !_plan.IsHealthy)
        {
            var (code, signal) = Read(_lastStatus[failed]);
            var how = signal is null ? $"exited with {code}" : $"was ended by signal {signal}";
            return (code, signal, $"Process '{_spec.Processes[failed].Name}' {how}.");
        }

        if (_plan.WasStopped) return (null, Native.SigTerm, null);
        return _plan.IsHealthy ? (0, null, null) : (1, null, "Processes wait for one that has failed.");
    }

    private static (int? Code, int? Signal) Read(int status) =>
        (status & 0x7f) == 0 ? ((status >> 8) & 0xff, null) : (null, status & 0x7f);

    private long CountKills()
    {
        if (_spec.Isolation.OutOfMemoryFile is not { } file || !File.Exists(file)) return 0;
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(9), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                return count;
        }

        return 0;
    }
}
