using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>Passes a tar on to its reader, counts it, and stops it where a header announces attributes so long that reading them would
/// take the agent's memory.</summary>
internal sealed class TarGuard(Stream plain, ArchiveBudget budget, CancellationToken cancellationToken) : Stream
{
    private const int Block = 512;
    private const int SizeAt = 124;
    private const int SizeLength = 12;
    private const int TypeAt = 156;
    private const long LongestAttributes = 1024 * 1024;
    private readonly byte[] _header = new byte[Block];
    private int _headerLength;
    private long _content;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var read = plain.Read(buffer);
        budget.Read(read);
        Follow(buffer[..read]);
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_content > 0)
            {
                var passed = (int)Math.Min(_content, bytes.Length);
                _content -= passed;
                bytes = bytes[passed..];
                continue;
            }

            var taken = Math.Min(Block - _headerLength, bytes.Length);
            bytes[..taken].CopyTo(_header.AsSpan(_headerLength));
            bytes = bytes[taken..];
            _headerLength += taken;
            if (_headerLength < Block) continue;
            _headerLength = 0;
            TakeHeader();
        }
    }

    private void TakeHeader()
    {
        var size = SizeOf(_header.AsSpan(SizeAt, SizeLength));
        var type = _header[TypeAt];
        if (type is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' && size > LongestAttributes)
            throw ArtifactFailure.Bomb("The archive has attributes that are too long.");
        var isWithoutContent = type is >= (byte)'1' and <= (byte)'6';
        _content = isWithoutContent ? 0 : (size + Block - 1) / Block * Block;
    }

    private static long SizeOf(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            var binary = (long)(field[0] & 0x7F);
            foreach (var octet in field[1..]) binary = binary > long.MaxValue >> 9 ? long.MaxValue >> 1 : (binary << 8) | octet;
            return binary;
        }

        var size = 0L;
        foreach (var c in Encoding.ASCII.GetString(field).Trim('\0', ' '))
        {
            if (c is < '0' or > '7') return 0;
            size = (size * 8) + (c - '0');
        }

        return size;
    }
}
