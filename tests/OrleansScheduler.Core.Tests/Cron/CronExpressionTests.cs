using System.Text.Json;

namespace OrleansScheduler.Core.Tests;

/// <summary>Which schedules are read, and when they fire.</summary>
public sealed class CronExpressionTests
{
    private const string Berlin = "Europe/Berlin";

    [Fact]
    public void K05_All_222_predictions_of_Aurora_come_true()
    {
        using var data = typeof(CronExpressionTests).Assembly.GetManifestResourceStream("expected-predictions.json")!;
        var predictions = JsonDocument.Parse(data).RootElement.EnumerateArray().ToList();
        Assert.Equal(222, predictions.Count);
        Assert.All(predictions, prediction =>
        {
            var schedule = prediction.GetProperty("schedule").GetString()!;
            var expected = prediction.GetProperty("triggerTimes").EnumerateArray().Select(time => time.GetInt64()).ToList();
            var times = Timetable(schedule).After(DateTimeOffset.UnixEpoch).Take(expected.Count).Select(t => t.ToUnixTimeMilliseconds());
            Assert.Equal(expected, times);
        });
    }

    [Theory]
    [InlineData("1 2 3 4 5")]                // both kinds of day
    [InlineData("* * * * 7")]
    [InlineData("* * * * MON-SUN")]
    [InlineData("* * **")]
    [InlineData("0-59 0-59 * * *")]
    [InlineData("1/1 * * * *")]
    [InlineData("5 5 * MAR-JAN *")]
    [InlineData("*/0 * * * *")]
    [InlineData("0-59/0 * * * *")]
    [InlineData("0-59/60 * * * *")]
    [InlineData("* * 1 * 1")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("+5 * * * *")]
    [InlineData("99999999999 * * * *")]
    [InlineData(", * * * *")]
    [InlineData("? * * * *")]
    [InlineData("* * L * *")]
    [InlineData("* * * * 1#2")]
    [InlineData("@daily")]
    [InlineData("@every_minute")]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("61 * * * * *")]
    public void K05_What_Aurora_refuses_is_refused(string expression) =>
        Assert.Equal("cron-invalid", CronExpressions.Read(expression, "UTC").Problem?.Code);

    [Theory]
    [InlineData("*/5 * * * *", "0,5,10,15,20,25,30,35,40,45,50,55 * * * *")]
    [InlineData("* */2 * * *", "0-59 0,2,4,6,8,10,12-23/2 * * *")]
    [InlineData("1,,2 * * * *", "1-2 * * * *")]
    [InlineData("*/100 * * * *", "0 * * * *")]
    [InlineData("*/15,1 * * * *", "0,1,15,30,45 * * * *")]
    [InlineData("*,5 * * * *", "* * * * *")]
    [InlineData("0 0 1-31 * 1", "0 0 * * mon")]
    [InlineData("0 0 1 * 0-6", "0 0 1 * *")]
    [InlineData("0 0 * jan,Dec sUn-tue", "0 0 * 1,12 0-2")]
    [InlineData("0 0 * * */3", "0 0 * * 0,3,6")]
    [InlineData("0 0 * * */7", "0 0 * * 0")]
    [InlineData("0-58/57 * * * *", "0,57 * * * *")]
    [InlineData("0 0 * * *", "0   0\t* *  *")]
    public void K05_What_Aurora_accepts_means_what_it_means_there(string expression, string same) =>
        Assert.Equal(Times(same, "UTC", "2026-02-27T00:00:00Z", 300), Times(expression, "UTC", "2026-02-27T00:00:00Z", 300));

    [Theory]
    [InlineData("*/15 * * * * *", 15)]
    [InlineData("0 */2 * * * *", 120)]
    [InlineData("30 0 12 L * ?", 31 * 24 * 3600)]
    public void Six_fields_begin_with_seconds_and_may_say_what_Cronos_reads(string expression, int apart)
    {
        var times = Timetable(expression).After(new(2026, 6, 30, 12, 0, 29, TimeSpan.Zero)).Take(2).ToList();
        Assert.Equal(apart, (times[1] - times[0]).TotalSeconds);
    }

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 2,4,6,9,11 *")]
    [InlineData("0 0 0 30 2 *")]
    public void A_time_that_never_comes_is_refused(string expression) =>
        Assert.Equal("cron-never-fires", CronExpressions.Read(expression, "UTC").Problem?.Code);

    [Fact]
    public void The_29th_of_February_comes_every_fourth_year() =>
        Assert.Equal([2028, 2032], Timetable("0 0 29 2 *").After(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).Take(2).Select(t => t.Year));

    [Fact]
    public void A_zone_that_there_is_not_is_refused() =>
        Assert.Equal("timezone-unknown", CronExpressions.Read("* * * * *", "Mars/Olympus").Problem?.Code);

    [Fact]
    public void A_single_time_in_the_hour_that_is_left_out_fires_when_that_hour_would_have_begun() =>
        Assert.Equal(
            ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
            Times("30 2 * * *", Berlin, "2026-03-27T12:00:00Z", 3));

    [Fact]
    public void A_single_time_in_the_hour_that_comes_twice_fires_once() =>
        Assert.Equal(
            ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"],
            Times("30 2 * * *", Berlin, "2026-10-23T12:00:00Z", 3));

    [Fact]
    public void An_interval_goes_on_through_both_kinds_of_day()
    {
        Assert.Equal(
            ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"],
            Times("*/30 * * * *", Berlin, "2026-03-29T00:00:00Z", 3));
        Assert.Equal(
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"],
            Times("*/30 * * * *", Berlin, "2026-10-24T23:45:00Z", 4));
    }

    [Fact]
    public void A_schedule_is_explained_in_words_and_times()
    {
        var explanation = CronExplanation.Of("*/15 8-17 * * MON-FRI", Berlin, new(2026, 3, 27, 16, 31, 0, TimeSpan.Zero), 2).Value!;
        Assert.Equal(
            ["every 15th minute from 0", "8 to 17", "every day of month", "every month", "Mon to Fri"],
            explanation.Fields.Select(field => field.Meaning));
        Assert.Equal(["2026-03-27T17:45:00+01:00", "2026-03-30T08:00:00+02:00"], explanation.Runs.Select(Show));
        var problem = CronExplanation.Of("* * * * 7", Berlin, default, 2).Problem!;
        Assert.Equal(("cron-invalid", "expression"), (problem.Code, Assert.Single(problem.Errors).Path));
    }

    [Fact]
    public void Jitter_is_the_same_for_everybody_below_its_bound_and_never_beyond_the_next_time()
    {
        var (timetable, job) = (Timetable("* * * * *"), new JobKey("shop", "prod", "report"));
        var times = timetable.After(DateTimeOffset.UnixEpoch).Take(1000).ToList();
        var delays = times.Select(t => timetable.DueAt(t, TimeSpan.FromSeconds(30), job) - t).ToList();
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.Zero, TimeSpan.FromSeconds(30)));
        Assert.InRange(delays.Average(delay => delay.TotalSeconds), 13, 17);
        Assert.Equal(delays, times.Select(t => timetable.DueAt(t, TimeSpan.FromSeconds(30), job) - t));
        Assert.NotEqual(delays[0], timetable.DueAt(times[0], TimeSpan.FromSeconds(30), job with { Name = "other" }) - times[0]);
        Assert.All(times, t => Assert.InRange(timetable.DueAt(t, TimeSpan.FromHours(5), job), t, t + TimeSpan.FromSeconds(59.999)));
    }

    private static CronTimetable Timetable(string expression)
    {
        var read = CronExpressions.Read(expression, "UTC");
        Assert.Null(read.Problem);
        return read.Value!;
    }

    private static List<string> Times(string expression, string zone, string from, int count)
    {
        var read = CronExpressions.Read(expression, zone);
        Assert.Null(read.Problem);
        return [.. read.Value!.After(DateTimeOffset.Parse(from, null)).Take(count).Select(Show)];
    }

    private static string Show(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", null);
}
