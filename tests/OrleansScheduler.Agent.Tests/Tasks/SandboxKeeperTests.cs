using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace OrleansScheduler.Agent.Tests;

public sealed class SandboxKeeperTests : IDisposable
{
    private static readonly JobKey Job = JobKey.Parse("shop/test/web");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly AgentOptions _options =
        new() { StateDirectory = Directory.CreateTempSubdirectory("osched-keep-").FullName, SandboxesKept = 3 };
    private readonly StateDirectory _state;
    private readonly NodeJournal _journal;
    private readonly AttemptTable _table;

    public SandboxKeeperTests()
    {
        _state = new(_options);
        _journal = new(_state.Root, _state.AgentId, "node-1");
        _table = new(_journal, NullLogger<AttemptTable>.Instance);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _state.Dispose();
        Directory.Delete(_options.StateDirectory, recursive: true);
    }

    [Fact]
    public void The_oldest_sandboxes_go_when_there_are_too_many()
    {
        var keeper = Keeper();
        var attempts = Enumerable.Range(0, 5).Select(Forgotten).ToList();

        keeper.Clean();

        Assert.Equal([false, false, true, true, true], attempts.Select(attempt => Directory.Exists(attempt.Root)));
    }

    [Fact]
    public void A_sandbox_goes_when_its_time_is_over()
    {
        var keeper = Keeper();
        var attempt = Forgotten(0);
        _time.Advance(_options.SandboxRetention - TimeSpan.FromSeconds(1));
        keeper.Clean();
        Assert.True(Directory.Exists(attempt.Sandbox));

        _time.Advance(TimeSpan.FromSeconds(1));
        keeper.Clean();

        Assert.False(Directory.Exists(attempt.Root));
    }

    [Fact]
    public void Sandboxes_of_earlier_agents_are_kept_no_longer_and_those_of_known_attempts_stay()
    {
        var left = Forgotten(0);
        var known = Known(1);
        var keeper = Keeper();

        _time.Advance(_options.SandboxRetention + TimeSpan.FromMinutes(1));
        keeper.Clean();

        Assert.False(Directory.Exists(left.Root));
        Assert.True(Directory.Exists(known.Root));
    }

    [Fact]
    public void A_disk_that_fills_up_costs_the_oldest_sandboxes_until_there_is_room_again()
    {
        var room = new DiskRoom(_state, Options.Create(_options));
        var keeper = Keeper(room);
        var attempts = Enumerable.Range(0, 3).Select(Forgotten).ToList();
        room.Measure = () => (attempts.Count(attempt => !Directory.Exists(attempt.Root)) < 2 ? 49 : 50, 1000);
        Assert.True(room.IsShort);

        keeper.Clean();

        Assert.Equal([false, false, true], attempts.Select(attempt => Directory.Exists(attempt.Root)));
        Assert.False(room.IsShort);
    }

    private SandboxKeeper Keeper(DiskRoom? room = null) => new(
        _state, _journal, _table, room ?? new(_state, Options.Create(_options)), new(_state, Options.Create(_options)),
        Options.Create(_options), _time, NullLogger<SandboxKeeper>.Instance);

    private AttemptDirectory Forgotten(int instance)
    {
        var directory = Known(instance);
        _table.Forget(_table.Find(directory.Attempt)!);
        return directory;
    }

    private AttemptDirectory Known(int instance)
    {
        var directory = new AttemptDirectory(_state.Root, new(Job, instance, 1));
        var record = new AttemptRecord { Name = directory.Attempt.ToString(), Spec = "", BootId = "", At = default };
        _journal.Accept(1, [record]);
        _table.Add(new(directory, record, spec: null));
        return directory;
    }
}
