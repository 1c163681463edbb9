using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansScheduler.Shim;

/// <summary>Becomes a process of a task: joins its groups, takes its place apart from everything else, gives up what it may not have, and
/// executes the command.</summary>
internal static unsafe class Execution
{
    private const int OutcomeDescriptor = 3;
    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int NoSuchFile = 2;
    private const int SetDescriptorFlags = 2;
    private const int DuplicateAbove = 1030;
    private const int OutOfTheWay = 100;
    private const int HighestSignal = 64;
    private const int SignalBase = 128;
    private const int ShareOfRoot = 0x200;
    private const nuint SetControllingTerminal = 0x540E;

    /// <summary>Becomes a process of the attempt in a directory. Returns only when it cannot, with the exit code for that.</summary>
    public static int Run(string directory, int process)
    {
        _ = Native.Control(OutcomeDescriptor, SetDescriptorFlags, 1);
        try
        {
            var spec = ShimSpec.Read(directory);
            JoinCgroups(spec.Isolation);
            if (spec.Isolation.Ipc) Separate(spec.Isolation);
            if (spec.Isolation.Mounts) MountTable.Build(spec);
            return Become(spec, spec.Processes[process].Command, spec.Environment);
        }
        catch (Exception e) when (e is ShimException or IOException or UnauthorizedAccessException)
        {
            var words = Encoding.UTF8.GetBytes(e.Message);
            fixed (byte* start = words) _ = Native.Write(OutcomeDescriptor, start, (nuint)words.Length);
            return SupervisorStart.Failed;
        }
    }

    /// <summary>
    /// Runs a command beside the processes of the attempt in a directory, as if the task had started it, and waits for its end. Standard
    /// input, output and errors are this program's own; a terminal becomes the command's.
    /// </summary>
    /// <param name="directory">The attempt's directory.</param>
    /// <param name="command">The argument vector.</param>
    /// <returns>The command's exit code; 128 and the signal when one ended it.</returns>
    public static int Enter(string directory, ImmutableArray<string> command)
    {
        var whole = ShimSpec.Read(directory);
        var spec = whole with { Processes = [whole.Processes[0] with { Command = command }] };

        // The directory is hidden from where the command runs, and control groups are read-only there: both are taken along.
        var memory = Native.Check(Native.MakeMemoryFile("spec", 0), "cannot make a file in memory");
        Native.WriteAll(memory, spec.ToBytes());
        int[] taken = [memory, .. spec.Isolation.Cgroups.Select(file => Native.Check(
            Native.Open(file, Native.WriteOnly | Native.CloseOnExec, 0), $"cannot open {file}"))];
        EnterNamespaces(spec.Isolation, directory);
        var pid = Native.Spawn(
            Self.Program, [.. Self.Words, "inside", $"/proc/self/fd/{OutcomeDescriptor}"], spec.Environment,
            [0, 1, 2, .. taken.Select(descriptor => Native.Control(descriptor, DuplicateAbove, OutOfTheWay))]);
        int status;
        while (Native.WaitPid(pid, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Native.Interrupted) return SupervisorStart.Failed;
        }

        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : SignalBase + (status & 0x7f);
    }

    /// <summary>The second half of <see cref="Enter"/>, in the task's namespaces.</summary>
    public static int Inside(string file)
    {
        var spec = ShimSpec.ReadFile(file);
        _ = Native.Close(OutcomeDescriptor);
        for (var i = 0; i < spec.Isolation.Cgroups.Length; i++)
        {
            var group = OutcomeDescriptor + 1 + i;
            Native.WriteAll(group, "0"u8);
            _ = Native.Close(group);
        }

        // A new session has no terminal yet; nothing happens where standard input is none.
        _ = Native.DeviceControl(0, SetControllingTerminal, 0);
        return Become(spec, spec.Processes[0].Command, spec.Environment);
    }

    private static void EnterNamespaces(IsolationSpec isolation, string directory)
    {
        var spaces = new List<(string Name, int Type)>();
        if (isolation.Ipc) spaces.AddRange([("ipc", Native.NewNamespaceIpc), ("uts", Native.NewNamespaceUts)]);
        if (isolation.ProcessNumbers) spaces.Add(("pid", Native.NewNamespacePid));
        if (isolation.Mounts) spaces.Add(("mnt", Native.NewNamespaceMount));
        if (spaces.Count == 0) return;
        var supervisor = int.Parse(
            File.ReadAllText(Path.Combine(directory, SupervisorStart.PidName)).Split(' ', 2)[0], CultureInfo.InvariantCulture);
        var member = MemberOf(supervisor);
        var open = spaces.Select(space => (space.Type, Descriptor: Native.Check(
            Native.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{member}/ns/{space.Name}"), Native.CloseOnExec, 0),
            "cannot find the task's namespaces"))).ToList();
        foreach (var (type, descriptor) in open)
        {
            // The mounts of a process may change only while it shares its root directory with nobody, its own threads included.
            if (type == Native.NewNamespaceMount) _ = Native.Check(Native.Unshare(ShareOfRoot), "cannot stop sharing the root directory");
            _ = Native.Check(Native.SetNamespace(descriptor, type), "cannot enter the task's namespaces");
        }
    }

    /// <summary>A process of the task: the first one that its supervisor has started.</summary>
    private static int MemberOf(int supervisor)
    {
        foreach (var thread in Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{supervisor}/task")))
        {
            var words = File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0) return int.Parse(words[0], CultureInfo.InvariantCulture);
        }

        throw new ShimException("the task has no process any more");
    }

    private static void JoinCgroups(IsolationSpec isolation)
    {
        foreach (var file in isolation.Cgroups) Native.WriteWhole(file, "0");
    }

    private static void Separate(IsolationSpec isolation)
    {
        _ = Native.Check(
            Native.Unshare(Native.NewNamespaceIpc | Native.NewNamespaceUts), "cannot make namespaces for shared memory and host name");
        if (isolation.HostName is { } name) _ = Native.Check(Native.SetHostName(name, (nuint)name.Length), "cannot set the host name");
    }

    private static int Become(ShimSpec spec, ImmutableArray<string> command, ImmutableArray<string> environment)
    {
        Directory.SetCurrentDirectory(spec.Sandbox);
        Privileges.GiveUp(spec.Isolation, spec.Limits);

        // With its supervisor it ends too, instead of running on with nobody to tell how it ends.
        _ = Native.ProcessControl(Native.SetParentDeathSignal, Native.SigKill, 0, 0, 0);

        // A runtime ignores some signals, and what is ignored stays so in the program that follows.
        for (var signal = 1; signal <= HighestSignal; signal++) _ = Native.Signal(signal, 0);
        if (spec.Isolation.Seccomp) Seccomp.Install();
        var error = Native.Execute(command, environment);
        Native.Say(2, $"{command[0]}: {Marshal.GetPInvokeErrorMessage(error)}");
        return error == NoSuchFile ? NotFound : NotExecutable;
    }
}
