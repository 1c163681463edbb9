using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansScheduler.Agent;

/// <summary>
/// Replaces files below a sandbox. The task may have put links anywhere there: no step of the way is one, so that nothing outside is ever
/// written.
/// </summary>
internal static partial class SandboxFile
{
    private const int ReadOnly = 0x0;
    private const int WriteOnly = 0x1;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int CloseOnExec = 0x80000;
    private const int PathOnly = 0x200000;
    private const int FileExists = 17;
    private const int DirectoryMode = 0x1ED;   // 0755
    private const int FileMode = 0x1A4;   // 0644

    // The values of these two are the processor's own.
    private static readonly int DirectoryOnly = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    private static readonly int NoFollow = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>Replaces a file at one stroke: who reads it sees the old text or the new one. Directories on the way are made.</summary>
    /// <param name="root">The sandbox.</param>
    /// <param name="path">The file below it, see <see cref="TemplateSpec.IsPath"/>.</param>
    /// <param name="content">What it is to say.</param>
    /// <exception cref="IOException">It cannot be written; the file is as it was.</exception>
    public static void Replace(string root, string path, ReadOnlySpan<byte> content)
    {
        if (!TemplateSpec.IsPath(path)) throw new IOException($"'{path}' is no path below a sandbox");
        var parts = path.Split('/');
        using var directory = Enter(root, parts.AsSpan(..^1));
        var temporary = $".{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 6))}.new";
        try
        {
            Write(directory, temporary, content, path);
            if (RenameAt(directory.Descriptor, temporary, directory.Descriptor, parts[^1]) != 0) throw Failed(path);
        }
        catch
        {
            _ = UnlinkAt(directory.Descriptor, temporary, 0);
            throw;
        }
    }

    private static Handle Enter(string root, ReadOnlySpan<string> directories)
    {
        var current = Handle.Of(OpenAt(-1, root, ReadOnly | PathOnly | DirectoryOnly | CloseOnExec, 0), root);
        foreach (var name in directories)
        {
            using var parent = current;
            if (MakeDirectoryAt(parent.Descriptor, name, DirectoryMode) != 0
                && Marshal.GetLastPInvokeError() != FileExists) throw Failed(name);
            current = Handle.Of(OpenAt(parent.Descriptor, name, ReadOnly | PathOnly | DirectoryOnly | NoFollow | CloseOnExec, 0), name);
        }

        return current;
    }

    private static void Write(Handle directory, string name, ReadOnlySpan<byte> content, string path)
    {
        using var file = Handle.Of(
            OpenAt(directory.Descriptor, name, WriteOnly | Create | Exclusive | NoFollow | CloseOnExec, FileMode), path);
        while (content.Length > 0)
        {
            var written = file.Write(content);
            if (written <= 0) throw Failed(path);
            content = content[written..];
        }
    }

    private static IOException Failed(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"'{what}' cannot be written: {new Win32Exception(error).Message}");
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int directory, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectoryAt(int directory, string path, int mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int from, string oldPath, int to, string newPath);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(int directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteTo(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    private sealed class Handle(int descriptor) : IDisposable
    {
        public int Descriptor => descriptor;

        public static Handle Of(int descriptor, string what) => descriptor >= 0 ? new(descriptor) : throw Failed(what);

        public unsafe int Write(ReadOnlySpan<byte> content)
        {
            fixed (byte* start = content) return (int)WriteTo(descriptor, start, (nuint)content.Length);
        }

        public void Dispose() => _ = Close(descriptor);
    }
}
