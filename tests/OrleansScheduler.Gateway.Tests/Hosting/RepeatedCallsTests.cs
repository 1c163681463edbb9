using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime.Messaging;

namespace OrleansScheduler.Gateway.Tests;

public sealed class RepeatedCallsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RepeatedCalls _calls;

    public RepeatedCallsTests() => _calls = new(_time, NullLogger<RepeatedCalls>.Instance);

    [Fact]
    public async Task A_call_whose_silo_was_lost_is_asked_again_and_the_caller_gets_the_second_answer()
    {
        var call = Call.Of(typeof(IJobGrain), nameof(IJobGrain.Submit), tries => tries == 1 ? Silence : Task.CompletedTask);

        var asking = _calls.Invoke(call.Context);
        while (!asking.IsCompleted) await Advance();
        await asking;

        Assert.Equal(2, call.Tries);
    }

    [Fact]
    public async Task A_call_that_could_not_be_sent_is_asked_again_for_two_seconds_and_then_fails()
    {
        var call = Call.Of(
            typeof(IJobGrain), nameof(IJobGrain.Submit), _ => Task.FromException(new ConnectionFailedException("gone")));

        var asking = _calls.Invoke(call.Context);
        while (!asking.IsCompleted) await Advance();

        await Assert.ThrowsAsync<ConnectionFailedException>(() => asking);
        Assert.InRange(call.Tries, 10, 60);
    }

    [Fact]
    public async Task What_takes_its_time_on_purpose_is_asked_once()
    {
        var call = Call.Of(typeof(IEventFeedGrain), nameof(IEventFeedGrain.Read), _ => Silence);

        var asking = _calls.Invoke(call.Context);
        for (var step = 0; step < 100; step++) await Advance();

        Assert.False(asking.IsCompleted);
        Assert.Equal(1, call.Tries);
    }

    [Fact]
    public async Task A_registration_is_asked_again_only_after_seconds()
    {
        var call = Call.Of(typeof(INodeGrain), nameof(INodeGrain.Register), tries => tries == 1 ? Silence : Task.CompletedTask);

        var asking = _calls.Invoke(call.Context);
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(2.5); waited += TimeSpan.FromMilliseconds(50)) await Advance();
        Assert.Equal(1, call.Tries);
        while (!asking.IsCompleted) await Advance();
        await asking;

        Assert.Equal(2, call.Tries);
    }

    [Fact]
    public async Task A_refusal_of_the_grain_is_handed_on_at_once()
    {
        var call = Call.Of(typeof(IJobGrain), nameof(IJobGrain.Submit), _ => Task.FromException(new InvalidOperationException("no")));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _calls.Invoke(call.Context));

        Assert.Equal(1, call.Tries);
    }

    [Fact]
    public async Task A_repetition_that_the_storage_refuses_leaves_open_what_became_of_the_first_try()
    {
        var call = Call.Of(typeof(IJobGrain), nameof(IJobGrain.Submit), tries =>
            tries == 1 ? Silence : Task.FromException(new StorageUnavailableException("away")));

        var asking = _calls.Invoke(call.Context);
        while (!asking.IsCompleted) await Advance();

        Assert.True((await Assert.ThrowsAsync<StorageUnavailableException>(() => asking)).MayBeDone);
    }

    [Fact]
    public async Task A_silo_that_was_lost_with_the_question_may_have_done_it_though_afterwards_there_is_none_to_ask()
    {
        var call = Call.Of(typeof(IJobGrain), nameof(IJobGrain.Submit), tries =>
            Task.FromException(tries == 1 ? new SiloUnavailableException("lost") : new ConnectionFailedException("nobody")));

        var asking = _calls.Invoke(call.Context);
        while (!asking.IsCompleted) await Advance();

        await Assert.ThrowsAsync<TimeoutException>(() => asking);
    }

    [Fact]
    public async Task A_first_try_that_the_storage_refuses_did_nothing()
    {
        var call = Call.Of(
            typeof(IJobGrain), nameof(IJobGrain.Submit), _ => Task.FromException(new StorageUnavailableException("away")));

        Assert.False((await Assert.ThrowsAsync<StorageUnavailableException>(() => _calls.Invoke(call.Context))).MayBeDone);
    }

    [Fact]
    public void When_nobody_answers_the_budget_runs_out_and_answers_fill_it_again()
    {
        var budget = new RepeatBudget();
        for (var taken = 0; budget.IsAny; taken++)
        {
            Assert.True(taken < 10_000);
            budget.Take();
        }

        for (var answer = 0; answer < 9; answer++) budget.Answered();
        Assert.False(budget.IsAny);
        budget.Answered();
        Assert.True(budget.IsAny);
    }

    private static Task Silence => Task.Delay(Timeout.Infinite);

    private async Task Advance()
    {
        _time.Advance(TimeSpan.FromMilliseconds(50));
        await Task.Yield();
    }

    /// <summary>One call on its way out; its request ends when it is cancelled, as Orleans' own does.</summary>
    private sealed class Call(MethodInfo method, Func<int, Task> send)
    {
        private CancellationToken _cancellation;

        public int Tries { get; private set; }

        public IOutgoingGrainCallContext Context { get; private set; } = null!;

        public static Call Of(Type type, string method, Func<int, Task> send)
        {
            var call = new Call(type.GetMethod(method)!, send);
            var request = Stub.Of<Orleans.Serialization.Invocation.IInvokable>(call.OfRequest);
            call.Context = Stub.Of<IOutgoingGrainCallContext>((name, _) => name switch
            {
                "get_Request" => request,
                "get_InterfaceMethod" => call.Method,
                "get_TargetId" => GrainId.Create("job", "shop/prod/web"),
                "Invoke" => call.Send(),
                _ => throw new NotSupportedException(name),
            });
            return call;
        }

        private MethodInfo Method => method;

        private async Task Send()
        {
            Tries++;
            await send(Tries).WaitAsync(_cancellation);
        }

        private object? OfRequest(string name, object?[] arguments)
        {
            switch (name)
            {
                case "GetArgumentCount": return 1;
                case "GetArgument": return _cancellation;
                case "GetCancellationToken": return _cancellation;
                case "SetArgument":
                    _cancellation = (CancellationToken)arguments[1]!;
                    return null;
                default: throw new NotSupportedException(name);
            }
        }
    }

    /// <summary>Answers for an interface of which only a few members matter.</summary>
    public class Stub : DispatchProxy
    {
        private Func<string, object?[], object?> _answer = (name, _) => throw new NotSupportedException(name);

        public static T Of<T>(Func<string, object?[], object?> answer)
            where T : class
        {
            var stub = Create<T, Stub>();
            ((Stub)(object)stub)._answer = answer;
            return stub;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!.Name, args ?? []);
    }
}
