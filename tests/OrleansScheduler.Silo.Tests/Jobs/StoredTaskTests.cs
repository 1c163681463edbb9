using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansScheduler.Silo.Tests;

/// <summary>What a task's row costs in a journal.</summary>
public sealed class StoredTaskTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    private static readonly DateTimeOffset At = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    private static ScheduledTask Bare => new() { Instance = 7, Attempt = 2, Version = 3, Status = ScheduleStatus.Running, Since = At };

    [Fact]
    public void A_row_comes_back_with_what_is_known_of_readiness_and_with_what_has_its_default()
    {
        foreach (var readiness in new[] { null, new TaskReadiness(IsReady: false, null), new TaskReadiness(IsReady: true, At) })
        {
            var read = Serializer.Deserialize<ScheduledTask>(Serializer.SerializeToArray(Bare with { Readiness = readiness }))!;
            Assert.Equal(
                (7, 2, 3, ScheduleStatus.Running, At, readiness),
                (read.Instance, read.Attempt, read.Version, read.Status, read.Since, read.Readiness));
            Assert.Equal((0, false, true), (read.Failures, read.Ports.IsDefault, read.Ports.IsEmpty));
            Assert.Equal((null, null, ScheduleStatus.Init), (read.Node, read.ExitCode, read.Asked));
        }
    }

    [Fact]
    public void A_row_has_room_for_what_a_task_has_and_for_nothing_else()
    {
        var bare = Serializer.SerializeToArray(Bare).Length;
        Assert.True(bare < Serializer.SerializeToArray(Bare with { Failures = 1 }).Length);
        Assert.True(bare < Serializer.SerializeToArray(Bare with { Readiness = new(IsReady: true, null) }).Length);
        Assert.True(bare <= 49, $"{bare} bytes");
    }
}
