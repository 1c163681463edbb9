using System.Globalization;
using System.Text;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>
/// How long the node's strict tasks may run without a word of the cell. Their supervisors end them when that time is over: the agent may
/// hang, and what it would have to do then it cannot do.
/// </summary>
/// <remarks>
/// Counted by the clock that goes on while the machine sleeps, from the moment at which the agent asked: whatever the answer took, the cell
/// counts from later. A machine that stands still as a whole and goes on late may do a few milliseconds of work after its lease.
/// </remarks>
internal sealed partial class NodeLease
{
    private readonly StateDirectory _state;
    private readonly string _bootId;
    private readonly ILogger<NodeLease> _logger;
    private readonly string _path;
    private readonly Lock _lock = new();
    private long _over;
    private volatile bool _guarded;

    /// <summary>Goes on with the lease that an earlier agent had, unless the machine was started again since.</summary>
    public NodeLease(StateDirectory state, NodeDescription node, ILogger<NodeLease> logger)
    {
        (_state, _bootId, _logger) = (state, node.BootId, logger);
        _path = Path.Combine(state.Root, "lease");
        if (!File.Exists(_path)) return;
        var words = File.ReadAllText(_path).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (words is [var over, var boot] && boot == _bootId && long.TryParse(over, CultureInfo.InvariantCulture, out var hundredths))
            _over = hundredths * 10;
    }

    /// <summary>Milliseconds since the machine was started, with those that it slept.</summary>
    public static long Now => Posix.BootMillis();

    /// <summary>When it ends as far as it is known, see <see cref="Now"/>. What was accepted by then and not started must never start:
    /// the cell may have given it up since, whatever it grants later.</summary>
    public long Over => Volatile.Read(ref _over);

    /// <summary>Whether strict tasks may run now.</summary>
    public bool Holds => Now < Over;

    /// <summary>Whether there are strict tasks here, or were.</summary>
    public bool IsGuarding => _guarded;

    /// <summary>The cell has granted a lease.</summary>
    /// <param name="asked">When the agent asked for it, see <see cref="Now"/>.</param>
    /// <param name="duration">How long it is.</param>
    public void Renew(long asked, TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero) return;
        lock (_lock)
        {
            var over = asked + (long)duration.TotalMilliseconds;
            if (over <= _over) return;
            Volatile.Write(ref _over, over);
            if (!_guarded) return;
            try
            {
                Tell();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotWritten(e);   // the lease on disk stays as it was, so their supervisors end them; the next answer tries again
            }
        }
    }

    /// <summary>Has a strict attempt end with the lease. Before it is started: its supervisor looks at the lease from its first
    /// moment.</summary>
    /// <exception cref="TaskStartException">The lease cannot be written down, so it must not run.</exception>
    public void Guard(Attempt attempt)
    {
        try
        {
            lock (_lock)
            {
                if (!_guarded) Tell();
                _guarded = true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TaskStartException($"The node cannot write its lease down: {e.Message}", e);
        }
    }

    /// <summary>What the supervisor of a strict attempt has to know.</summary>
    public LeaseSpec Terms(Attempt attempt) =>
        new() { File = _path, Expired = _state.Expired(attempt.Directory), StartBy = attempt.StartBy };

    /// <summary>An attempt has ended. Whether it was ended with the lease.</summary>
    public bool Release(Attempt attempt)
    {
        var expired = HasExpired(attempt);
        File.Delete(_state.Expired(attempt.Directory));
        if (expired) LogExpired(attempt.Id);
        return expired;
    }

    /// <summary>Whether its supervisor has begun to end an attempt.</summary>
    public bool HasExpired(Attempt attempt) => File.Exists(_state.Expired(attempt.Directory));

    private void Tell()
    {
        var temporary = _path + ".new";
        File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $"{_over / 10} {_bootId}\n"), Encoding.ASCII);
        File.Move(temporary, _path, overwrite: true);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The lease cannot be written down")]
    private partial void LogNotWritten(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} was ended because the node had no lease any more")]
    private partial void LogExpired(AttemptId attempt);
}
