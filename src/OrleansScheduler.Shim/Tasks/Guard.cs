namespace OrleansScheduler.Shim;

/// <summary>
/// Holds the lease of a strict task that an engine runs as a container, where no supervisor can be its parent: ends it with the lease,
/// whether agent and engine are there or not, and ends with it.
/// </summary>
/// <remarks>
/// It is there before the container is started and needs nobody's word to find it: engines name a container's control group after its id,
/// which is known once the container is made, and its first process has the number 1 in there. Had the agent to tell the process instead,
/// an agent that ends between the start and that word would leave the container alone. What has no process yet when the lease ends must
/// not come to have one later, when an engine that hung goes on: containers mount a file, the permit, which is removed then. Whoever has
/// mounted it before has a process in the group that is found afterwards; for whoever has not the start fails.
/// </remarks>
internal sealed unsafe class Guard
{
    private const int LargestFile = 8192;
    private const int ShortestId = 32;
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private readonly string _directory;
    private readonly ShimSpec _spec;
    private readonly GuardSpec _guarded;
    private readonly byte[] _name;
    private readonly ControlPipe _control;
    private int _main = -1;
    private bool _isEnding;
    private bool _isOver;

    private Guard(string directory, ShimSpec spec)
    {
        (_directory, _spec, _guarded) = (directory, spec, spec.Guarded!);

        // A name that others have too would be theirs as well.
        if (_guarded.Container.Length < ShortestId) throw new ShimException($"'{_guarded.Container}' is no id of a container");
        _name = System.Text.Encoding.ASCII.GetBytes(_guarded.Container);
        _control = new(directory);
    }

    /// <summary>Guards the container of an attempt until it has ended.</summary>
    public static void Run(string directory, ShimSpec spec)
    {
        var guard = new Guard(directory, spec);
        SupervisorStart.Ready(directory);
        guard.Run();
    }

    private void Run()
    {
        if (_spec.Lease is { } start && Native.BootMillis() >= start.StartBy) EndWith(start);
        var pause = FirstLook;
        while (!_isOver)
        {
            if (_main < 0) _main = Find();
            if (_main >= 0 && _isEnding) _ = Native.SystemCall(Native.PidDescriptorSendSignal, _main, Native.SigKill, 0, 0, 0);
            Wait(Timeout(pause));
            if (pause < LongestPause) pause *= 1.5;
            if (!_isEnding && _spec.Lease is { } lease && Native.BootMillis() >= lease.Over()) EndWith(lease);

            // Nobody asks any more for what is told here.
            if (!Directory.Exists(_directory)) return;
        }

        End();
        new ExitRecord
        {
            Signal = Native.SigKill,
            Message = "Its engine knows how it ended.",
            At = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        }.Write(_spec.ExitFile, _directory);
    }

    private void EndWith(LeaseSpec lease)
    {
        Try(lease.Expire);
        End();
    }

    // The permit first, see above.
    private void End()
    {
        Try(() => File.Delete(_guarded.Permit));
        _isEnding = true;
    }

    // A disk that is full or broken must not save the container.
    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Native.Say(2, e.Message);
        }
    }

    private int Timeout(TimeSpan pause)
    {
        var wait = _main >= 0 && !_isEnding ? long.MaxValue : (long)pause.TotalMilliseconds;
        if (!_isEnding && _spec.Lease is { } lease) wait = Math.Min(wait, Math.Max(0, lease.Over() - Native.BootMillis()));
        return wait == long.MaxValue ? -1 : (int)Math.Min(wait, int.MaxValue);
    }

    private void Wait(int milliseconds)
    {
        var entries = stackalloc Native.PollEntry[2];
        entries[0] = new() { Descriptor = _control.Descriptor, Events = Native.PollIn };
        entries[1] = new() { Descriptor = _main, Events = Native.PollIn };
        if (Native.Poll(entries, 2, milliseconds) <= 0) return;
        if (entries[1].Happened != 0) _isOver = true;
        else if (entries[0].Happened != 0) _control.Read(Obey);
    }

    // "kill" comes from an agent that knows that nothing starts the container any more; the signal from one that cannot know.
    private void Obey(string word)
    {
        if (word is not ("kill" or "signal 9")) return;
        End();
        if (_main < 0) _main = Find();
        _isOver = word == "kill" && _main < 0;
    }

    /// <summary>A descriptor of the container's first process; negative when there is none.</summary>
    private int Find()
    {
        foreach (var place in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(place), out var pid) || !IsFirst(place)) continue;
            var descriptor = (int)Native.SystemCall(Native.PidDescriptorOpen, pid, 0, 0, 0, 0);
            if (descriptor < 0) continue;

            // Looked at again, since another process could have got the number before it was held.
            if (IsFirst(place)) return descriptor;
            _ = Native.Close(descriptor);
        }

        return -1;
    }

    // Many are looked at, so little is allocated for each.
    private bool IsFirst(string place)
    {
        Span<byte> buffer = stackalloc byte[LargestFile];
        if (Native.ReadStart(Path.Combine(place, "cgroup"), buffer).IndexOf(_name) < 0) return false;
        var status = Native.ReadStart(Path.Combine(place, "status"), buffer);
        var numbers = status[Math.Max(0, status.IndexOf("\nNSpid:"u8))..];
        if (!numbers.StartsWith("\nNSpid:"u8)) return false;
        numbers = numbers[1..];
        numbers = numbers[..Math.Max(0, numbers.IndexOf((byte)'\n'))];
        return numbers.EndsWith("\t1"u8) && numbers.Count((byte)'\t') > 1;
    }
}
