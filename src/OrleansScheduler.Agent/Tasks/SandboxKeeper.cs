using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Keeps what ended attempts leave behind, for people to look at, and removes it when there is too much of it or it is too
/// old.</summary>
internal sealed partial class SandboxKeeper
{
    private readonly AgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SandboxKeeper> _logger;
    private readonly DiskRoom _room;
    private readonly DiskQuota _quota;
    private readonly Lock _lock = new();
    private readonly Queue<(AttemptDirectory Directory, DateTimeOffset Since)> _left = [];

    public SandboxKeeper(StateDirectory state, NodeJournal journal, AttemptTable table, DiskRoom room, DiskQuota quota,
        IOptions<AgentOptions> options, TimeProvider time, ILogger<SandboxKeeper> logger)
    {
        (_room, _quota, _options, _time, _logger) = (room, quota, options.Value, time, logger);
        var found = AttemptDirectory.Enumerate(state.Root).Where(directory => !journal.Knows(directory.Attempt))
            .Select(directory => (Directory: directory, Since: (DateTimeOffset)Directory.GetLastWriteTimeUtc(directory.Root)));
        foreach (var left in found.OrderBy(left => left.Since)) _left.Enqueue(left);
        table.Forgotten += Keep;
    }

    /// <summary>Removes what need not be kept any longer.</summary>
    public void Clean()
    {
        while (Surplus() is { } directory)
        {
            try
            {
                _quota.Delete(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotRemoved(e, directory.Attempt);
            }
        }
    }

    private void Keep(AttemptDirectory directory)
    {
        lock (_lock) _left.Enqueue((directory, _time.GetUtcNow()));
    }

    private AttemptDirectory? Surplus()
    {
        lock (_lock)
        {
            var isSurplus = _left.TryPeek(out var oldest)
                && (_left.Count > _options.SandboxesKept || _time.GetUtcNow() - oldest.Since >= _options.SandboxRetention || _room.IsShort);
            return isSurplus ? _left.Dequeue().Directory : null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox of {Attempt} cannot be removed")]
    private partial void LogNotRemoved(Exception exception, AttemptId attempt);
}
