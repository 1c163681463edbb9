namespace OrleansScheduler.Shim;

/// <summary>Finds out by trying what of the isolation this machine and this account can do.</summary>
internal static class Probe
{
    /// <summary>Everything that works, a word each: <c>pid mount ipc user seccomp</c>.</summary>
    public static IEnumerable<string> Run()
    {
        // The last one first that cannot be taken back: each of them changes this process, which then ends.
        if (Native.Unshare(Native.NewNamespaceIpc | Native.NewNamespaceUts) == 0) yield return "ipc";
        if (Native.Unshare(Native.NewNamespaceMount) == 0 && CanChangeMounts()) yield return "mount";
        if (Native.Unshare(Native.NewNamespacePid) == 0) yield return "pid";
        if (Works(() => Privileges.GiveUp(new() { Account = new(65534, 65534, []), DropCapabilities = true }, []))) yield return "user";
        if (Native.ProcessControl(Native.SetNoNewPrivileges, 1, 0, 0, 0) == 0 && Works(Seccomp.Install)) yield return "seccomp";
    }

    private static unsafe bool CanChangeMounts()
    {
        var attributes = stackalloc ulong[4];
        new Span<ulong>(attributes, 4).Clear();
        attributes[0] = 1;
        if (Native.Mount(null, "/", null, (1 << 19) | 16384, null) != 0) return false;
        fixed (byte* root = "/\0"u8) return Native.SystemCall(442, -100, (nint)root, 0x8000, (nint)attributes, 32) == 0;
    }

    private static bool Works(Action attempt)
    {
        try
        {
            attempt();
            return true;
        }
        catch (ShimException)
        {
            return false;
        }
    }
}
