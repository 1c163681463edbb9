namespace OrleansScheduler.Shim;

/// <summary>Starts the supervisor of an attempt, once and never again.</summary>
internal static class SupervisorStart
{
    /// <summary>Exit code of what could not do its part.</summary>
    public const int Failed = 125;

    /// <summary>
    /// Name of the file that decides whether an attempt is started: whoever makes it first, this program to start it or an agent that has
    /// given it up.
    /// </summary>
    public const string ClaimName = "claim";

    /// <summary>Name of the file with what a supervisor has to complain about.</summary>
    public const string LogName = "shim.log";

    /// <summary>Name of the file with the supervisor's line of <c>/proc/PID/stat</c>.</summary>
    public const string PidName = "pid";

    private const int ReadyDescriptor = 3;

    /// <summary>Starts the supervisor of the attempt in a directory.</summary>
    /// <param name="directory">The attempt's directory, with its <see cref="ShimSpec"/>.</param>
    /// <param name="program">The shim.</param>
    /// <param name="words">Its first arguments, its own name before the others.</param>
    /// <returns>The descriptor from which <see cref="AwaitReady"/> hears of it.</returns>
    /// <exception cref="ShimException">It cannot be started, or was given up before.</exception>
    public static unsafe int Begin(string directory, string program, IReadOnlyList<string> words)
    {
        if (!Claim(directory)) throw new ShimException("it was given up before it was started");
        _ = Native.Check(Native.MakeFifo(Path.Combine(directory, ControlPipe.Name), 0x180), "cannot make the control pipe");
        var nothing = Native.Check(Native.Open("/dev/null", Native.ReadWrite | Native.CloseOnExec, 0), "cannot open /dev/null");
        var complaints = Native.Check(
            Native.Open(Path.Combine(directory, LogName), Native.WriteOnly | Native.Create | Native.Append | Native.CloseOnExec, 0x180),
            "cannot open the supervisor's log");
        var ends = stackalloc int[2];
        try
        {
            _ = Native.Check(Native.Pipe(ends, Native.CloseOnExec), "cannot make a pipe");
            _ = Native.Spawn(program, [.. words, "supervise", directory], [], [nothing, nothing, complaints, ends[1]]);
            _ = Native.Close(ends[1]);
            return ends[0];
        }
        finally
        {
            _ = Native.Close(nothing);
            _ = Native.Close(complaints);
        }
    }

    /// <summary>Waits until the supervisor's number is on disk.</summary>
    /// <exception cref="ShimException">It does not come so far.</exception>
    public static unsafe void AwaitReady(string directory, int descriptor, TimeSpan patience)
    {
        var over = Native.BootMillis() + (long)patience.TotalMilliseconds;
        var isReady = false;
        while (!isReady && Native.BootMillis() < over)
        {
            var entry = new Native.PollEntry { Descriptor = descriptor, Events = Native.PollIn };
            byte ready = 0;
            var read = Native.Poll(&entry, 1, (int)Math.Max(1, over - Native.BootMillis())) == 1 ? Native.Read(descriptor, &ready, 1) : -1;
            isReady = read == 1;

            // A runtime interrupts its threads now and then; that says nothing.
            if (read == 0) break;
        }

        _ = Native.Close(descriptor);
        if (!isReady)
            throw new ShimException($"its supervisor does not run: {File.ReadAllText(Path.Combine(directory, LogName)).Trim()}");
    }

    /// <summary>Says that the supervisor runs: leaves its own line of <c>/proc/PID/stat</c>, as the machine sees it.</summary>
    public static unsafe void Ready(string directory)
    {
        var temporary = Path.Combine(directory, PidName + ".new");
        File.WriteAllText(temporary, File.ReadAllText("/proc/self/stat"));
        File.Move(temporary, Path.Combine(directory, PidName), overwrite: true);
        byte ready = 1;
        _ = Native.Write(ReadyDescriptor, &ready, 1);
        _ = Native.Close(ReadyDescriptor);
    }

    /// <summary>Decides the attempt's start; false when it was decided before.</summary>
    public static bool Claim(string directory)
    {
        var claim = Native.Open(
            Path.Combine(directory, ClaimName), Native.WriteOnly | Native.Create | Native.Exclusive | Native.CloseOnExec, 0x180);
        if (claim < 0) return false;
        _ = Native.Close(claim);
        return true;
    }
}
