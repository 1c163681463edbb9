using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace OrleansScheduler.Agent;

/// <summary>
/// System calls that no container may make. What only a capability allows is refused anyway; this refuses what reaches the kernel's less
/// travelled parts without one, or would make namespaces in which there are capabilities again.
/// </summary>
/// <remarks>A list of what is refused rather than of what is allowed: programs go on to run when a C library begins to use a new
/// call.</remarks>
internal static class Seccomp
{
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;

    // CLONE_NEW* of mount, cgroup, uts, ipc, user, pid and net.
    private const long NewNamespaces = 0x7E02_0000;

    private static readonly string[] Refused =
    [
        "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "finit_module", "fsconfig", "fsmount",
        "fsopen", "fspick", "get_kernel_syms", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
        "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "move_pages",
            "name_to_handle_at",
        "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root",
        "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "setns", "settimeofday", "stime", "swapoff", "swapon", "sysfs",
        "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vm86", "vm86old",
    ];

    /// <summary>The profile in the form of the OCI runtime specification.</summary>
    public static JsonObject Profile()
    {
        var calls = new JsonArray
        {
            new JsonObject
            {
                ["names"] = new JsonArray([.. Refused.Select(name => (JsonNode)name)]),
                ["action"] = "SCMP_ACT_ERRNO",
                ["errnoRet"] = NotPermitted,
            },

            // Its arguments lie in memory where no filter sees them; without it C libraries fall back to clone.
            new JsonObject { ["names"] = new JsonArray("clone3"), ["action"] = "SCMP_ACT_ERRNO", ["errnoRet"] = NotImplemented },
        };

        // Any of the flags alone is refused: one rule each, since a rule compares all masked bits with one value.
        for (var flag = 1L; flag <= NewNamespaces; flag <<= 1)
        {
            if ((flag & NewNamespaces) == 0) continue;
            calls.Add(new JsonObject
            {
                ["names"] = new JsonArray("clone"),
                ["action"] = "SCMP_ACT_ERRNO",
                ["errnoRet"] = NotPermitted,
                ["args"] = new JsonArray(new JsonObject
                {
                    ["index"] = 0,
                    ["value"] = flag,
                    ["valueTwo"] = flag,
                    ["op"] = "SCMP_CMP_MASKED_EQ",
                }),
            });
        }

        var profile = new JsonObject { ["defaultAction"] = "SCMP_ACT_ALLOW", ["syscalls"] = calls };

        // Where nothing is said, calls of other architectures end the process: those of 32 bits are wanted here.
        if (RuntimeInformation.OSArchitecture == Architecture.X64)
            profile["architectures"] = new JsonArray("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
        return profile;
    }
}
