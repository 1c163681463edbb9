using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>
/// How long the node's strict tasks may run without a word of the cell. A guard, a process of its own (<c>guard.sh</c>), ends them when
/// that time is over: the agent may hang, and what it would have to do then it cannot do.
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
                // Whatever ends a guard, strict tasks must not be without one for longer than a lease lasts.
                if (GuardRuns()) Tell();
                else StartGuard();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
            {
                LogNoGuard(e);   // the lease on disk stays as it was, so a guard that lives ends them; the next answer tries again
            }
        }
    }

    /// <summary>Puts a strict attempt under guard. Before it is started: from here on it ends with the lease.</summary>
    /// <exception cref="TaskStartException">There is no guard, so it must not run.</exception>
    public void Guard(Attempt attempt)
    {
        try
        {
            lock (_lock)
            {
                if (!_guarded) StartGuard();
                _guarded = true;
            }

            File.WriteAllText(_state.Strict(attempt.Directory), $"{attempt.Directory.Root}\n{attempt.Id}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            throw new TaskStartException($"The node cannot guard its lease: {e.Message}", e);
        }
    }

    /// <summary>An attempt has ended. Whether it was the guard that ended it.</summary>
    public bool Release(Attempt attempt)
    {
        var expired = HasExpired(attempt);
        File.Delete(_state.Strict(attempt.Directory));
        File.Delete(_state.Expired(attempt.Directory));
        if (expired) LogExpired(attempt.Id);
        return expired;
    }

    /// <summary>Whether the guard has begun to end an attempt.</summary>
    public bool HasExpired(Attempt attempt) => File.Exists(_state.Expired(attempt.Directory));

    private bool GuardRuns()
    {
        var file = Path.Combine(_state.Root, "guard.pid");
        if (!File.Exists(file) || !int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var pid)) return false;
        var command = $"/proc/{pid}/cmdline";
        return File.Exists(command) && File.ReadAllText(command).Contains(_state.Guard, StringComparison.Ordinal);
    }

    private void StartGuard()
    {
        Tell();
        var start = new ProcessStartInfo(_state.SetSid, ["/bin/sh", _state.Guard, _state.Root])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
        };

        // It stays when the agent goes, so it must hold nothing of the agent's open.
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var guard = Process.Start(start);
    }

    private void Tell()
    {
        var temporary = _path + ".new";
        File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $"{_over / 10} {_bootId}\n"), Encoding.ASCII);
        File.Move(temporary, _path, overwrite: true);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The guard of the lease cannot be started or told")]
    private partial void LogNoGuard(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} was ended because the node had no lease any more")]
    private partial void LogExpired(AttemptId attempt);
}
