namespace OrleansScheduler.Core.Tests;

public sealed class ResourceTextTests
{
    [Theory]
    [InlineData("cpu=4", "cpu 4")]
    [InlineData("cpu=500m,memory=16GiB", "cpu 0.5, memory 16GiB")]
    [InlineData(" memory = 1GiB , gpus=2, disk=0MiB, cpu=0", "cpu 0, memory 1GiB, disk 0MiB, gpus 2")]
    public void Amounts_are_read_by_name(string text, string expected) =>
        Assert.Equal(expected, ResourceText.Format(ResourceText.Parse(text).Value));

    [Theory]
    [InlineData("", "bad-quantity")]
    [InlineData("4", "bad-quantity")]
    [InlineData("cpu", "bad-quantity")]
    [InlineData("cpu=", "bad-quantity")]
    [InlineData("cpu=4,", "bad-quantity")]
    [InlineData("cpu=four", "bad-quantity")]
    [InlineData("cpu=0.0001", "bad-quantity")]
    [InlineData("memory=16", "bad-quantity")]
    [InlineData("memory=99999999999TiB", "number-out-of-range")]
    [InlineData("cpu=1e999", "number-out-of-range")]
    [InlineData("cpu=-1", "below-minimum")]
    [InlineData("cpu=1,cpu=2", "duplicate-key")]
    [InlineData("mem=1GiB", "unknown-field")]
    [InlineData("CPU=1", "unknown-field")]
    public void What_is_no_amount_is_refused_by_a_code(string text, string code) =>
        Assert.Equal(code, ResourceText.Parse(text).Problem?.Code);

    [Fact]
    public void No_amounts_are_none() => Assert.Equal("none", ResourceText.Format(ResourceLimit.None));
}
