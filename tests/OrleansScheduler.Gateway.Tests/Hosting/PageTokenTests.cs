using CsCheck;

namespace OrleansScheduler.Gateway.Tests;

public sealed class PageTokenTests
{
    [Fact]
    public void What_was_written_is_read() => Gen.String[1, 200].Where(text => text.All(c => !char.IsSurrogate(c))).Sample(text =>
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) > 350) return;
        Assert.True(PageToken.TryRead(PageToken.Of(text), out var read));
        Assert.Equal(text, read);
    });

    [Fact]
    public void Nonsense_is_refused_and_never_throws() => Gen.String.Sample(text =>
    {
        if (PageToken.TryRead(text, out var read)) Assert.NotNull(read);
    });
}
