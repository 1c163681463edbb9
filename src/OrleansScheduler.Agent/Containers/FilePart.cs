using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>A part of a file, read from its start to its end.</summary>
internal sealed class FilePart(SafeFileHandle file, long offset, long length) : Stream
{
    private long _at;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => _at; set => _at = Math.Clamp(value, 0, length); }

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, length - _at);
        if (wanted <= 0) return 0;
        var read = RandomAccess.Read(file, buffer[..wanted], offset + _at);
        if (read == 0) throw new EndOfStreamException("the archive is cut off");
        _at += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _at,
        _ => length,
    };

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
