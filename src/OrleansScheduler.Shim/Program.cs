using OrleansScheduler.Shim;

// osched-shim supervise DIR          looks after the attempt
// osched-shim execute DIR PROCESS    becomes a process of the attempt
// osched-shim enter DIR COMMAND...   runs a command beside the attempt's processes, kept apart as they are
// osched-shim probe                  says what of all this the machine can do
try
{
    switch (args)
    {
        case ["supervise", var directory]:
            Supervisor.Run(directory);
            return 0;
        case ["execute", var directory, var process]:
            return Execution.Run(directory, int.Parse(process, System.Globalization.CultureInfo.InvariantCulture));
        case ["enter", var directory, _, ..]:
            return Execution.Enter(directory, [.. args[2..]]);
        case ["inside", var file]:
            return Execution.Inside(file);
        case ["probe"]:
            Native.Say(1, string.Join(' ', Probe.Run()));
            return 0;
        default:
            Native.Say(2, "osched-shim is started by the agent; it is of no use by itself.");
            return 2;
    }
}
catch (Exception e) when (e is ShimException or IOException or UnauthorizedAccessException)
{
    Native.Say(2, e.Message);
    return SupervisorStart.Failed;
}
