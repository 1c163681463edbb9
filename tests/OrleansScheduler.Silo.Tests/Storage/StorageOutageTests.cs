using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class StorageOutageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void One_slow_answer_is_no_outage_and_the_first_answer_ends_one()
    {
        var time = new FakeTimeProvider();
        var health = new StorageHealth(time);
        time.Advance(TimeSpan.FromSeconds(1));
        health.Failed();
        Assert.Null(health.AwayFor);
        health.Failed();
        Assert.Equal(TimeSpan.FromSeconds(1), health.AwayFor);
        Assert.False(Assert.Throws<StorageUnavailableException>(health.Require).MayBeDone);
        health.Answered();
        Assert.Null(health.AwayFor);
        health.Require();
    }

    [Fact]
    public async Task A_membership_table_that_fails_is_noticed_and_its_return_too()
    {
        var time = new FakeTimeProvider();
        var health = new MembershipHealth(time);
        var table = DispatchProxy.Create<IMembershipTable, FailingTable>();
        ((FailingTable)(object)table).Fails = true;
        using var watch = new MembershipWatch(table, health, time, NullLogger<MembershipWatch>.Instance);
        await watch.StartAsync(TestContext.Current.CancellationToken);

        await Becomes(away: true);
        Assert.NotNull(health.AwayFor);
        ((FailingTable)(object)table).Fails = false;
        await Becomes(away: false);
        await watch.StopAsync(TestContext.Current.CancellationToken);

        Task Becomes(bool away) => TestCell.Eventually(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(health.IsAway == away);
            },
            20);
    }

    [Fact]
    public void A_write_that_was_lost_in_an_outage_may_be_done_and_one_that_another_owner_refused_is_no_outage()
    {
        var health = new StorageHealth(TimeProvider.System);
        Assert.Null(health.Explain(new JournalLostException("another owner", mayBeWritten: false)));
        Assert.False(health.IsAway);
        var silent = new JournalLostException("silence", mayBeWritten: true, new JournalUnavailableException("silence"));
        var outage = health.Explain(silent)!;
        Assert.True(outage.MayBeDone);
        Assert.Null(outage.InnerException);   // it could be of a kind that cannot be sent
        Assert.True(health.IsAway);
    }

    [Theory]
    [InlineData(StorageVerb.Read)]
    [InlineData(StorageVerb.Write)]
    internal async Task A_grain_that_cannot_start_because_the_storage_fails_says_that_nothing_was_done(StorageVerb verb)
    {
        var storage = new FaultyStorage();
        var bench = new JournalBench(storage);
        await (await bench.Open()).Journal.Append("a");
        var health = new StorageHealth(TimeProvider.System);
        storage.Misbehave = call => call.Verb == verb ? Fault.ErrorBefore : Fault.None;

        var outage = await Assert.ThrowsAsync<StorageUnavailableException>(
            () => health.Open(bench.Make(), TestContext.Current.CancellationToken));

        Assert.False(outage.MayBeDone);
        Assert.Null(outage.InnerException);
        Assert.True(health.IsAway);
    }

    [Fact]
    public async Task While_the_storage_is_away_jobs_are_shown_and_changes_refused_and_afterwards_everything_goes_on_by_itself()
    {
        var away = new Switch();
        await using var cell = await TestCell.Start(_directory.Path, builder => away.Wrap(builder.Services));
        var spec = JobFile.Parse("""
            job: web
            role: shop
            env: prod
            type: service
            instances: 2
            task:
              command: [sleep, "60"]
            """u8.ToArray()).Value[0];
        Assert.Null((await cell.Submit(spec)).Problem);
        var version = (await cell.Job(spec.Key).Describe())!.Version;

        away.IsOn = true;
        var health = cell.Grains.GetGrain<IHealthGrain>(0);
        await TestCell.Eventually(async () => (await health.Describe()).StorageAway is not null, 20);
        Assert.False((await Assert.ThrowsAsync<StorageUnavailableException>(() => Scale("op-2"))).MayBeDone);
        Assert.Equal(version, (await cell.Job(spec.Key).Describe())!.Version);
        Assert.Equal(0, (await cell.Ledger.Summarise()).Placed);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => cell.Job(JobKey.Parse("shop/prod/other")).Describe());

        away.IsOn = false;
        await TestCell.Eventually(async () => (await health.Describe()).StorageAway is null, 20);
        Answer<CommandReceipt>? answer = null;
        await TestCell.Eventually(async () =>
        {
            try
            {
                answer = await Scale("op-2");
                return true;
            }
            catch (StorageUnavailableException)
            {
                return false;
            }
        }, 20);
        Assert.Equal(3, answer!.Value!.Instances);

        Task<Answer<CommandReceipt>> Scale(string operation) => cell.Job(spec.Key).Scale(new ScaleCommand(operation, 3, "test"));
    }

    [Fact]
    public async Task A_job_that_is_written_is_not_refused_because_the_index_has_no_storage()
    {
        var filter = new NoStorageForTheIndex { IsOn = true };
        await using var cell = await TestCell.Start(
            _directory.Path, builder => builder.Services.AddSingleton<IIncomingGrainCallFilter>(filter));
        var spec = JobFile.Parse("""
            job: web
            role: shop
            env: prod
            type: service
            task:
              command: [sleep, "60"]
            """u8.ToArray()).Value[0];

        Assert.True((await Assert.ThrowsAsync<StorageUnavailableException>(() => cell.Submit(spec))).MayBeDone);

        Assert.NotNull(await cell.Job(spec.Key).Describe());

        // Nobody asks again, and it is listed all the same once that is possible.
        var index = cell.Grains.GetGrain<IJobIndexGrain>(JobIndex.ShardOf(spec.Key));
        Assert.Empty(await index.List(null, null, null, 9));
        filter.IsOn = false;
        await TestCell.Eventually(async () => (await index.List(null, null, null, 9)).Contains(spec.Key), 20);
    }

    private sealed class NoStorageForTheIndex : IIncomingGrainCallFilter
    {
        private volatile bool _isOn;

        public bool IsOn
        {
            get => _isOn;
            set => _isOn = value;
        }

        public Task Invoke(IIncomingGrainCallContext context) => IsOn && context.MethodName == nameof(IJobIndexGrain.Add)
            ? Task.FromException(new StorageUnavailableException("injected: another silo has no storage"))
            : context.Invoke();
    }

    /// <summary>Stands before the store and fails every call while it is on.</summary>
    private sealed class Switch
    {
        private volatile bool _isOn;

        public bool IsOn
        {
            get => _isOn;
            set => _isOn = value;
        }

        public void Wrap(IServiceCollection services)
        {
            var inner = services.Last(s => s.ServiceType == typeof(IGrainStorage) && s.IsKeyedService && Equals(s.ServiceKey, "Default"));
            services.Remove(inner);
            services.AddKeyedSingleton<IGrainStorage>("Default", (provider, key) =>
                new Switched((IGrainStorage)inner.KeyedImplementationFactory!(provider, key), this));
            services.AddSingleton<IGrainStorage>(provider => provider.GetRequiredKeyedService<IGrainStorage>("Default"));
        }

        private sealed class Switched(IGrainStorage inner, Switch away) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
        {
            public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
                away.IsOn ? Fail() : inner.ReadStateAsync(stateName, grainId, grainState);

            public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
                away.IsOn ? Fail() : inner.WriteStateAsync(stateName, grainId, grainState);

            public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
                away.IsOn ? Fail() : inner.ClearStateAsync(stateName, grainId, grainState);

            public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

            private static Task Fail() => Task.FromException(new IOException("injected: the storage is away"));
        }
    }

    /// <summary>A membership table that answers, or does not.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "The proxy is derived from it while the test runs.")]
    [SuppressMessage("Design", "MA0053", Justification = "The proxy is derived from it while the test runs.")]
    internal class FailingTable : DispatchProxy
    {
        public bool Fails { get; set; }

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => Fails
            ? Task.FromException<MembershipTableData>(new TimeoutException("no table"))
            : Task.FromResult(new MembershipTableData(new TableVersion(0, "0")));
    }
}
