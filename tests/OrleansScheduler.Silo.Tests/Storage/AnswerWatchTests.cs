using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace OrleansScheduler.Silo.Tests;

public sealed class AnswerWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly CountedTime _time = new();
    private readonly StorageHealth _health;
    private readonly Watch _watch;

    public AnswerWatchTests()
    {
        _health = new(_time);
        _watch = new(_health, _time);
    }

    public async ValueTask InitializeAsync()
    {
        await _watch.StartAsync(TestContext.Current.CancellationToken);
        await _time.Waits();
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(TestContext.Current.CancellationToken);
        _watch.Dispose();
    }

    [Fact]
    public async Task What_does_not_answer_for_two_periods_is_away_until_it_does()
    {
        await Pass(Period);
        Assert.False(_health.IsAway);
        await Pass(Period);
        Assert.True(_health.IsAway);

        _watch.Answer.SetResult();
        await _time.Waits();
        Assert.False(_health.IsAway);
    }

    [Fact]
    public async Task Who_stood_still_itself_does_not_hold_it_against_anybody()
    {
        for (var i = 0; i < 5; i++) await Pass(Period * 3);
        Assert.False(_health.IsAway);
    }

    /// <summary>Lets time pass in one go, until the watch waits again.</summary>
    private Task Pass(TimeSpan time)
    {
        _time.Advance(time);
        return _time.Waits();
    }

    private sealed class Watch(StorageHealth health, TimeProvider time) : AnswerWatch("store", health, Period, time, NullLogger.Instance)
    {
        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override Task Ask() => Answer.Task;
    }

    /// <summary>A clock that says when somebody begins to wait for it.</summary>
    private sealed class CountedTime : FakeTimeProvider
    {
        private readonly Channel<ITimer> _timers = Channel.CreateUnbounded<ITimer>();

        public async Task Waits() =>
            await _timers.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _timers.Writer.TryWrite(timer);
            return timer;
        }
    }
}
