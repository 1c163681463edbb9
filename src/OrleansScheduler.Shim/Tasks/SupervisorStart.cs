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

    /// <summary>Starts the supervisor of the attempt in a directory. Its number is on disk when this returns.</summary>
    public static unsafe void Run(string directory)
    {
        if (!Claim(directory)) throw new ShimException("it was given up before it was started");
        var spec = ShimSpec.Read(directory);
        _ = Native.Check(Native.MakeFifo(Path.Combine(directory, Supervisor.ControlName), 0x180), "cannot make the control pipe");
        if (spec.Isolation.ProcessNumbers)
            _ = Native.Check(Native.Unshare(Native.NewNamespacePid), "cannot make a namespace for process numbers");
        var nothing = Native.Check(Native.Open("/dev/null", Native.ReadWrite | Native.CloseOnExec, 0), "cannot open /dev/null");
        var complaints = Native.Check(
            Native.Open(Path.Combine(directory, LogName), Native.WriteOnly | Native.Create | Native.Append | Native.CloseOnExec, 0x180),
            "cannot open the supervisor's log");
        var ends = stackalloc int[2];
        _ = Native.Check(Native.Pipe(ends, Native.CloseOnExec), "cannot make a pipe");
        _ = Native.Spawn(Self.Program, [.. Self.Words, "supervise", directory], [], [nothing, nothing, complaints, ends[1]]);
        _ = Native.Close(ends[1]);
        byte ready;
        if (Native.Read(ends[0], &ready, 1) != 1)
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
