using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Cli;

/// <summary>Keys as they are pressed: while this lasts the terminal neither echoes nor waits for lines nor makes signals of
/// Ctrl-C.</summary>
internal sealed partial class RawTerminal : IDisposable
{
    private const int Now = 0;
    private const int SettingsLength = 256;
    private readonly byte[] _before;

    private RawTerminal(byte[] before) => _before = before;

    /// <summary>Begins it; null when standard input is no terminal.</summary>
    public static RawTerminal? Enter()
    {
        var settings = new byte[SettingsLength];
        if (Get(0, ref settings[0]) != 0) return null;
        var before = (byte[])settings.Clone();
        MakeRaw(ref settings[0]);
        return Set(0, Now, ref settings[0]) == 0 ? new(before) : null;
    }

    /// <summary>What is typed, byte for byte. The stream of <see cref="Console"/> would collect lines and give the terminal its settings
    /// back.</summary>
    public static Stream OpenInput() => new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    /// <inheritdoc/>
    public void Dispose() => _ = Set(0, Now, ref _before[0]);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int Get(int descriptor, ref byte settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int Set(int descriptor, int when, ref byte settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(ref byte settings);
}
