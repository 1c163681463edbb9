using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Random schedules, lives, crashes and clocks: every occurrence is decided exactly once and in order.</summary>
public sealed class CronPropertyTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];

    private static readonly string[] Expressions =
    [
        "* * * * *", "*/5 * * * *", "30 2 * * *", "0 * * * *", "15,45 1-3 * * *", "0 0 29 2 *", "*/20 * * * * *", "*/7 */2 * * *",
        "0 30 1 * * *", "59 23 * * SUN", "* * * * * *",
    ];

    /// <summary>Days around which clocks are changed somewhere, and one on which nothing happens.</summary>
    private static readonly DateTimeOffset[] Starts =
    [
        new(2026, 3, 28, 22, 0, 0, TimeSpan.Zero), new(2026, 10, 24, 22, 0, 0, TimeSpan.Zero), new(2026, 3, 8, 4, 0, 0, TimeSpan.Zero),
        new(2026, 10, 3, 12, 0, 0, TimeSpan.Zero), new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero),
    ];

    [Fact]
    public void Every_occurrence_is_decided_once_and_in_order_and_runs_overlap_only_where_they_may() =>
        Gen.Int[0, int.MaxValue].Sample(seed => Live(new Random(seed)), iter: 1000);

    [Fact]
    public void What_comes_next_and_what_came_before_agree_everywhere() =>
        Gen.Select(JobGen.Pick(Expressions), JobGen.Pick(Zones), JobGen.Pick(Starts), Gen.Int[0, 3 * 24 * 3600]).Sample(
            (expression, zone, start, seconds) =>
            {
                var timetable = CronExpressions.Read(expression, zone).Value!;
                var from = start + TimeSpan.FromSeconds(seconds);
                var times = timetable.After(from).Take(20).ToList();
                Assert.Equal(times.Order(), times);
                Assert.Equal(times.Distinct(), times);
                Assert.Equal(Enumerable.Reverse(times), timetable.Before(times[^1].AddTicks(1), from).Take(20));
            }, iter: 2000);

    private static void Live(Random random)
    {
        var cron = new CronFixture(random.Next()) { Now = Pick(random, Starts) };
        var schedule = new CronSchedule(Pick(random, Expressions), Pick(random, Zones), Pick(random, Enum.GetValues<CronCollision>()))
        {
            CatchUp = random.Next(3) == 0 ? random.Next(1, 5) : random.Next(2),
            Jitter = random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(1, 90)) : TimeSpan.Zero,
        };
        var spec = cron.Every("* * * * *", instances: random.Next(1, 4)) with { Schedule = schedule };
        cron.Submit(spec);
        var timetable = CronExpressions.Read(schedule.Expression, schedule.TimeZone).Value!;
        List<DateTimeOffset> scheduled = [];
        HashSet<DateTimeOffset> ran = [];
        HashSet<AttemptRef> attempts = [];
        long seen = 0, byUsers = 0, occurrences = 0;
        var decided = cron.Now;

        for (var step = 0; step < 60; step++)
        {
            Act(cron, random, schedule);
            Check();
            Assert.Null(cron.Tick().Change);
        }

        void Check()
        {
            var state = cron.State.Header.Cron!;
            Assert.True(state.DecidedUntil >= decided, "what was decided is decided");
            occurrences += timetable.After(decided).TakeWhile(o => o <= state.DecidedUntil).Count();
            decided = state.DecidedUntil;

            var runs = state.Active.Concat(state.Recent).Where(run => run.Number > seen).OrderBy(run => run.Number).ToList();
            Assert.Equal(Enumerable.Range(1, runs.Count).Select(i => seen + i), runs.Select(run => run.Number));
            foreach (var run in runs)
            {
                if (run.Trigger.Origin == CronOrigin.User) byUsers++;
                else Assert.True(ran.Add(run.Trigger.Occurrence!.Value), $"{run.Trigger.Occurrence} ran twice");
                if (run.Trigger.Origin == CronOrigin.Schedule) scheduled.Add(run.Trigger.Occurrence!.Value);
            }

            seen = state.Started;
            Assert.Equal(scheduled.Order(), scheduled);

            var waiting = state.Waiting is { Origin: not CronOrigin.User } ? 1 : 0;
            if (state.Missed < CronMachine.MaxCounted / 2 && state.PassedOver < CronMachine.MaxCounted / 2)
                Assert.Equal(occurrences, state.Started - byUsers + state.PassedOver + state.Missed + state.Backlog.Length + waiting);

            if (schedule.Collision != CronCollision.Allow) Assert.True(state.Active.Length <= 1, "two runs at once");
            foreach (var task in cron.State.Tasks.Values.Where(task => task.Status.IsActive()))
                Assert.Single(state.Active, run => run.Has(task.Instance));
            foreach (var launched in cron.Launched) Assert.True(attempts.Add(launched), $"{launched} was started twice");
            cron.Launched.Clear();
        }
    }

    private static void Act(CronFixture cron, Random random, CronSchedule schedule)
    {
        switch (random.Next(12))
        {
            case 0:
                cron.Crash();
                break;
            case 1:
                cron.Now -= TimeSpan.FromSeconds(random.Next(1, 3700));
                break;
            case 2:
                cron.Now += TimeSpan.FromSeconds(random.Next(1, 3 * 3600));
                break;
            case 3:
                cron.Ask(Pick(random, [CronVerb.Pause, CronVerb.Resume, CronVerb.Resume, CronVerb.Start]));
                break;
            case 4:
                // Nothing about the schedule itself: then all occurrences still are those of one timetable.
                var other = cron.Every("* * * * *", instances: random.Next(1, 5));
                cron.Submit(other with { Schedule = schedule, Priority = random.Next() % 9 }, outcome: null);
                break;
            case 5 or 6:
                cron.Place();
                break;
            case 7 or 8:
                var tasks = cron.State.Tasks.Values.Where(task => task.Status.HoldsNode()).ToList();
                if (tasks.Count == 0) break;
                var some = Pick(random, tasks.ToArray());
                if (some.Status.IsStopping()) cron.End(some.Instance, Killed);
                else if (random.Next(5) == 0) cron.Lose(some.Instance);
                else cron.End(some.Instance, random.Next(4) == 0 ? Failed : Finished);
                break;
            default:
                cron.Now += TimeSpan.FromMilliseconds(random.Next(1, 200_000));
                break;
        }

        cron.Tick();
    }

    private static T Pick<T>(Random random, T[] values) => values[random.Next(values.Length)];
}
