using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansScheduler.Shim;

/// <summary>Keeps one stream of a process: the last full files and the one that is being written. A disk that takes nothing more stops the
/// output, not the task.</summary>
internal sealed unsafe class LogWriter(string directory, string stream, long rotateSize, int keep)
{
    private int _file = -1;
    private long _start;
    private long _end = NextStart(directory, stream);
    private long _dropped;

    /// <summary>Takes a piece of output.</summary>
    public void Write(byte* bytes, int count)
    {
        if (_dropped > 0 && !SayWhatWasDropped())
        {
            _dropped += count;
            return;
        }

        while (count > 0)
        {
            var written = Append(bytes, count);
            if (written <= 0)
            {
                _dropped += count;
                return;
            }

            bytes += written;
            count -= written;
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Close()
    {
        if (_dropped > 0) _ = SayWhatWasDropped();
        Close(_file);
    }

    // The next piece tries again with a new file: this one may be on a disk that is gone.
    private void Close(int file)
    {
        if (file >= 0) _ = Native.Close(file);
        _file = -1;
    }

    // A process that is started again goes on behind what it wrote before.
    private static long NextStart(string directory, string stream)
    {
        if (LogSegments.StartsOf(directory, stream) is not [.., var last]) return 0;
        return last + new FileInfo(LogSegments.PathOf(directory, stream, last)).Length;
    }

    private int Append(byte* bytes, int count)
    {
        if (_file < 0 || _end - _start >= rotateSize) Next();
        if (_file < 0) return -1;
        while (true)
        {
            var written = (int)Native.Write(_file, bytes, (nuint)count);
            if (written < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted) continue;
            if (written > 0) _end += written;
            else Close(_file);
            return written;
        }
    }

    private void Next()
    {
        var next = Native.Open(
            LogSegments.PathOf(directory, stream, _end), Native.WriteOnly | Native.Create | Native.Append | Native.CloseOnExec, 0x1a4);
        if (next < 0) return;
        if (_file >= 0) _ = Native.Close(_file);
        (_file, _start) = (next, _end);
        var starts = LogSegments.StartsOf(directory, stream);
        for (var i = 0; i < starts.Length - keep - 1; i++) File.Delete(LogSegments.PathOf(directory, stream, starts[i]));
    }

    private bool SayWhatWasDropped()
    {
        var words = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"\n[{_dropped} bytes of output are missing here: the disk did not take them]\n"));
        fixed (byte* start = words)
        {
            if (Append(start, words.Length) != words.Length) return false;
        }

        _dropped = 0;
        return true;
    }
}
