using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class InstanceSetTests
{
    private static readonly Gen<int[]> Instances = Gen.Int[0, 40].Array[0, 30];

    [Fact]
    public void Sets_of_ranges_do_as_sets_of_numbers_do() => Gen.Select(Instances, Instances).Sample((a, b) =>
    {
        var (left, right) = (InstanceSet.Of(a), InstanceSet.Of(b));
        Assert.Equal(a.Distinct().Order(), left.Each());
        Assert.Equal(a.Union(b).Order(), left.Union(right).Each());
        Assert.Equal(a.Intersect(b).Order(), left.Intersect(right).Each());
        Assert.Equal(a.Except(b).Order(), left.Except(right).Each());
        Assert.Equal(a.Distinct().Count(), left.Count);
        Assert.Equal(a.DefaultIfEmpty(-1).Max(), left.Max);
        Assert.All(Enumerable.Range(0, 42), i => Assert.Equal(a.Contains(i), left.Contains(i)));
        Assert.Equal(a.ToHashSet().SetEquals(b), left == right);
    });

    [Theory]
    [InlineData("0", "0")]
    [InlineData("3-5", "3-5")]
    [InlineData("4-4", "4")]
    [InlineData("5-3", null)]
    [InlineData("-1", null)]
    [InlineData("1-", null)]
    [InlineData("a", null)]
    [InlineData("", null)]
    [InlineData("1-2-3", null)]
    [InlineData("99999999999", null)]
    public void A_range_is_a_number_or_two(string text, string? expected) =>
        Assert.Equal(expected, InstanceRange.TryParse(text, out var range) ? range.ToString() : null);
}
