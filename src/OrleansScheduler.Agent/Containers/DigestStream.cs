using System.Security.Cryptography;

namespace OrleansScheduler.Agent;

/// <summary>Passes a stream on and works out the digest of all that was read.</summary>
internal sealed class DigestStream(Stream inner) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what is left, and refuses the whole when it is not what it should be.</summary>
    /// <exception cref="InvalidDataException">The digest is another one.</exception>
    public void Finish(string expected)
    {
        Span<byte> rest = new byte[64 * 1024];
        while (Read(rest) > 0)
        {
        }

        var digest = "sha256:" + Convert.ToHexStringLower(_hash.GetHashAndReset());
        if (digest != expected) throw new InvalidDataException($"the layer {expected} is damaged: it is {digest}");
    }

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        _hash.AppendData(buffer[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
