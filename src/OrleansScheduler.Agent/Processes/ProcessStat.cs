using System.Buffers.Text;

namespace OrleansScheduler.Agent;

/// <summary>What <c>/proc/PID/stat</c> says about a process.</summary>
/// <param name="Pid">Its number, which the kernel uses again after its end.</param>
/// <param name="State">One letter; Z and X are dead.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot; with the number it names the process for ever.</param>
internal readonly record struct ProcessStat(int Pid, char State, int Group, int Session, ulong StartTicks)
{
    /// <summary>Not ended, even if nobody has collected it yet.</summary>
    public bool IsLive => State is not ('Z' or 'X' or 'x' or '\0');

    /// <summary>Asks the kernel; null when there is no such process.</summary>
    public static ProcessStat? Of(int pid)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var length = Posix.ReadFile($"/proc/{pid}/stat", buffer);
        return length > 0 ? Parse(buffer[..length]) : null;
    }

    /// <summary>Reads one stat line; null when it is anything else.</summary>
    public static ProcessStat? Parse(ReadOnlySpan<byte> line)
    {
        // The command stands in parentheses and may itself hold blanks and parentheses.
        var afterCommand = line.LastIndexOf(") "u8);
        if (afterCommand < 0 || !Utf8Parser.TryParse(line, out int pid, out _)) return null;
        var rest = line[(afterCommand + 2)..];
        if (rest.IsEmpty) return null;
        var state = (char)rest[0];
        int group = 0, session = 0;
        for (var field = 3; field < 22; field++)
        {
            if (field == 5 && !Utf8Parser.TryParse(rest, out group, out _)) return null;
            if (field == 6 && !Utf8Parser.TryParse(rest, out session, out _)) return null;
            var blank = rest.IndexOf((byte)' ');
            if (blank < 0) return null;
            rest = rest[(blank + 1)..];
        }

        return Utf8Parser.TryParse(rest, out ulong start, out _) ? new(pid, state, group, session, start) : null;
    }

    /// <summary>Whether this very process, and not a later one with its number, still runs.</summary>
    public bool StillRuns() => Of(Pid) is { IsLive: true } now && now.StartTicks == StartTicks;

    /// <summary>Sends a signal to this very process; nothing happens when it has ended.</summary>
    public void Signal(int signal)
    {
        if (StillRuns()) _ = Posix.Kill(Pid, signal);
    }
}
