using System.Runtime.InteropServices;

namespace OrleansScheduler.Shim;

/// <summary>
/// Refuses to a task, for good, the calls of the kernel that only administer a machine or look into others' processes. They fail with
/// EPERM,
/// as they do for somebody without privileges.
/// </summary>
/// <remarks>
/// A list of what is refused, not of what is allowed: what Docker's default profile keeps from those without capabilities, and new
/// namespaces.
/// Numbers are those of the kernel's tables for each architecture.
/// </remarks>
internal static unsafe class Seccomp
{
    private const ushort LoadAbsolute = 0x20;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpGreaterOrEqual = 0x35;
    private const ushort JumpIfAny = 0x45;
    private const ushort Return = 0x06;
    private const uint Allow = 0x7fff0000;
    private const uint RefuseWithPermission = 0x00050001;
    private const uint RefuseAsUnknown = 0x00050026;
    private const uint KillProcess = 0x80000000;
    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;
    private const uint FirstArgumentOffset = 16;
    private const uint SecondArgumentOffset = 24;
    private const uint RefuseAsUnsupported = 0x00050019;
    private const uint SetAttributes = 0x401C5820;
    private const uint SetFlags = 0x40086602;
    private const uint CloneByStructure = 435;
    private const uint NewNamespaces = 0x7E020000;
    private const uint X32Bit = 0x40000000;

    // acct add_key bpf clock_adjtime clock_settime delete_module finit_module fsconfig fsmount fsopen fspick init_module ioperm iopl
    // kcmp kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr move_mount name_to_handle_at open_by_handle_at
    // open_tree perf_event_open pivot_root process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key
    // setdomainname sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup file_setattr
    private static readonly ushort[] X64 =
    [
        163, 248, 321, 305, 227, 176, 313, 431, 432, 430, 433, 175, 173, 172, 312, 320, 246, 250, 212, 165, 442, 429, 303, 304,
        428, 298, 155, 310, 311, 101, 179, 443, 169, 249, 171, 170, 308, 164, 168, 167, 103, 166, 272, 323, 153, 469,
    ];

    // The same, but for ioperm and iopl, which are x64's alone.
    private static readonly ushort[] Arm64 =
    [
        89, 217, 280, 266, 112, 106, 273, 431, 432, 430, 433, 105, 272, 294, 104, 219, 18, 40, 442, 429, 428, 241, 41, 270, 271,
        117, 60, 443, 142, 218, 162, 161, 268, 170, 225, 224, 116, 39, 97, 282, 58, 264, 265, 469,
    ];

    /// <summary>Installs the filter for this process and all that come from it.</summary>
    public static void Install()
    {
        var (architecture, clone, control, refused) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (0xC000003Eu, 56u, 16u, X64),
            Architecture.Arm64 => (0xC00000B7u, 220u, 29u, Arm64),
            var other => throw new ShimException($"there is no seccomp profile for {other}"),
        };
        var count = refused.Length;
        Instruction[] program =
        [
            new(LoadAbsolute, 0, 0, ArchitectureOffset),
            new(JumpEqual, 1, 0, architecture),
            new(Return, 0, 0, KillProcess),
            new(LoadAbsolute, 0, 0, NumberOffset),

            // The other way of calling the same kernel on x64 has its own numbers; nobody needs it.
            new(JumpGreaterOrEqual, (byte)(count + 4), 0, X32Bit),
            new(JumpEqual, (byte)(count + 4), 0, CloneByStructure),
            new(JumpEqual, (byte)(count + 4), 0, clone),
            new(JumpEqual, (byte)(count + 7), 0, control),
            .. refused.Select((number, i) => new Instruction(JumpEqual, (byte)(count - i), 0, number)),
            new(Return, 0, 0, Allow),
            new(Return, 0, 0, RefuseWithPermission),

            // A filter cannot look into a structure; who hears that there is no such call uses the older one.
            new(Return, 0, 0, RefuseAsUnknown),
            new(LoadAbsolute, 0, 0, FirstArgumentOffset),
            new(JumpIfAny, 0, 1, NewNamespaces),
            new(Return, 0, 0, RefuseWithPermission),
            new(Return, 0, 0, Allow),

            // Who owns a file could take it out of what its sandbox may take on disk. Programs know file systems that have no attributes.
            new(LoadAbsolute, 0, 0, SecondArgumentOffset),
            new(JumpEqual, 2, 0, SetAttributes),
            new(JumpEqual, 1, 0, SetFlags),
            new(Return, 0, 0, Allow),
            new(Return, 0, 0, RefuseAsUnsupported),
        ];
        fixed (Instruction* start = program)
        {
            var whole = new Program { Length = (ushort)program.Length, Instructions = start };
            _ = Native.Check(
                Native.ProcessControl(Native.SetSeccomp, Native.SeccompFilter, (nint)(&whole), 0, 0), "cannot install the seccomp profile");
        }
    }

    /// <summary>One instruction of the kernel's packet filter (<c>struct sock_filter</c>).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    /// <summary>A filter (<c>struct sock_fprog</c>).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
