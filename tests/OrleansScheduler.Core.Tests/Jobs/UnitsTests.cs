using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class UnitsTests
{
    [Theory]
    [InlineData("2", 2000)]
    [InlineData("0.5", 500)]
    [InlineData("500m", 500)]
    [InlineData("0.001", 1)]
    [InlineData("1.2500", 1250)]
    [InlineData("007", 7000)]
    [InlineData("0", 0)]
    [InlineData("-1", -1000)]
    [InlineData("1.0m", 1)]
    [InlineData("9223372036854775807m", long.MaxValue)]
    [InlineData("9223372036854775.807", long.MaxValue)]
    public void An_amount_is_read_in_thousandths(string text, long millis) => Assert.Equal(millis, Value(Units.ParseMillis(text)));

    [Theory]
    [InlineData("", "bad-quantity")]
    [InlineData("m", "bad-quantity")]
    [InlineData("two", "bad-quantity")]
    [InlineData("1.", "bad-quantity")]
    [InlineData(".5", "bad-quantity")]
    [InlineData("1,5", "bad-quantity")]
    [InlineData("+1", "bad-quantity")]
    [InlineData(" 1", "bad-quantity")]
    [InlineData("1e3", "bad-quantity")]
    [InlineData("0.0005", "bad-quantity")]
    [InlineData("0.5m", "bad-quantity")]
    [InlineData("0.5000000000000000000000000000000000001", "bad-quantity")]
    [InlineData("1e999", "number-out-of-range")]
    [InlineData("-1e999", "number-out-of-range")]
    [InlineData("NaN", "number-out-of-range")]
    [InlineData(".inf", "number-out-of-range")]
    [InlineData("-Infinity", "number-out-of-range")]
    [InlineData("9223372036854775808m", "number-out-of-range")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999", "number-out-of-range")]
    public void An_amount_that_is_not_exact_or_not_a_number_is_refused(string text, string code) =>
        Assert.Equal(code, Units.ParseMillis(text).Problem?.Code);

    [Theory]
    [InlineData("256MiB", 256)]
    [InlineData("1GiB", 1024)]
    [InlineData("2TiB", 2 * 1024 * 1024)]
    [InlineData("2048KiB", 2)]
    [InlineData("1.5GiB", 1536)]
    [InlineData("0.00000095367431640625TiB", 1)]
    [InlineData("0MiB", 0)]
    [InlineData("-1MiB", -1)]
    [InlineData("131072000kB", 125_000)]
    [InlineData("16384GB", 15_625_000)]
    [InlineData("8796093022207MiB", 8_796_093_022_207)]
    public void A_size_is_read_in_MiB(string text, long miB) => Assert.Equal(miB, Value(Units.ParseMiB(text)));

    [Theory]
    [InlineData("", "bad-quantity", "An empty text is not a size.")]
    [InlineData("256", "bad-quantity", "'256' has no unit; did you mean 256MiB?")]
    [InlineData("10QB", "bad-quantity", "write a number and KiB, MiB, GiB or TiB, such as 256MiB")]
    [InlineData("1 G B", "bad-quantity", "write a number and KiB, MiB, GiB or TiB, such as 256MiB")]
    [InlineData("256mib", "bad-quantity", "such as 256MiB")]
    [InlineData("256Mi", "bad-quantity", "such as 256MiB")]
    [InlineData("MiB", "bad-quantity", "such as 256MiB")]
    [InlineData("1GB", "bad-quantity", "'1GB' is not a whole number of MiB; write 953MiB or 954MiB.")]
    [InlineData("1KiB", "bad-quantity", "'1KiB' is not a whole number of MiB; write 1MiB.")]
    [InlineData("8796093022208MiB", "number-out-of-range", "")]
    [InlineData("99999999999TiB", "number-out-of-range", "")]
    [InlineData("1e999MiB", "bad-quantity", "such as 256MiB")]
    public void A_size_that_is_not_whole_or_has_no_unit_is_refused_with_what_would_be_right(string text, string code, string message)
    {
        var problem = Units.ParseMiB(text).Problem;
        Assert.Equal(code, problem?.Code);
        Assert.Contains(message, problem?.Message);
    }

    [Theory]
    [InlineData("15s", 15_000)]
    [InlineData("500ms", 500)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("2d", 172_800_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("0s", 0)]
    [InlineData("90m", 5_400_000)]
    [InlineData("-1s", -1000)]
    public void A_duration_is_read_exactly(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Value(Units.ParseDuration(text)));

    [Theory]
    [InlineData("", "bad-quantity", "An empty text is not a duration.")]
    [InlineData("15", "bad-quantity", "'15' has no unit; did you mean 15s?")]
    [InlineData("s", "bad-quantity", "such as 15s")]
    [InlineData("-", "bad-quantity", "such as 15s")]
    [InlineData("15 s", "bad-quantity", "such as 15s")]
    [InlineData("15sec", "bad-quantity", "such as 15s")]
    [InlineData("30m1h", "bad-quantity", "largest first")]
    [InlineData("1s1s", "bad-quantity", "such as 15s")]
    [InlineData("1.5s", "bad-quantity", "such as 15s")]
    [InlineData("1h30", "bad-quantity", "such as 15s")]
    [InlineData("99999999999d", "number-out-of-range", "")]
    [InlineData("99999999999999999999999999999999d", "number-out-of-range", "")]
    public void A_duration_without_unit_or_out_of_order_is_refused_with_what_would_be_right(string text, string code, string message)
    {
        var problem = Units.ParseDuration(text).Problem;
        Assert.Equal(code, problem?.Code);
        Assert.Contains(message, problem?.Message);
    }

    [Theory]
    [InlineData(90, "1m30s")]
    [InlineData(5400, "1h30m")]
    [InlineData(0, "0s")]
    [InlineData(0.5, "500ms")]
    [InlineData(-1.5, "-1s500ms")]
    [InlineData(86_400, "1d")]
    public void A_duration_is_written_largest_unit_first(double seconds, string text) =>
        Assert.Equal(text, Units.FormatDuration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Every_amount_is_read_as_it_was_written() =>
        Gen.Long[-long.MaxValue, long.MaxValue].Sample(millis => Value(Units.ParseMillis(Units.FormatMillis(millis))) == millis);

    [Fact]
    public void Every_size_is_read_as_it_was_written() =>
        Gen.Long[-8_796_093_022_207, 8_796_093_022_207].Sample(miB => Value(Units.ParseMiB(Units.FormatMiB(miB))) == miB);

    [Fact]
    public void Every_duration_is_read_as_it_was_written() =>
        Gen.Long[-922_337_203_685_477, 922_337_203_685_477].Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds))
            .Sample(duration => Value(Units.ParseDuration(Units.FormatDuration(duration))) == duration);

    [Fact]
    public void No_text_makes_a_unit_throw()
    {
        var near = Gen.Char["0123456789.-+eEmsdhKMGTiB "].Array[0, 80].Select(characters => new string(characters));
        var text = Gen.Frequency((1, Gen.String), (3, near));
        text.Sample(
            candidate =>
            {
                Units.ParseMillis(candidate);
                Units.ParseMiB(candidate);
                Units.ParseDuration(candidate);
            },
            iter: 20_000);
    }

    private static T Value<T>(Answer<T> answer)
    {
        Assert.Null(answer.Problem);
        return answer.Value!;
    }
}
