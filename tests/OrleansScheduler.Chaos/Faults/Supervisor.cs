using System.Collections.Concurrent;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Starts again whatever has ended, at once, as systemd or Kubernetes do. It is the only one that starts anything after the beginning:
/// what it does not bring back needs a person.
/// </summary>
/// <param name="processes">What it looks after.</param>
internal sealed class Supervisor(IEnumerable<CellProcess> processes)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<CellProcess, int> _down = [];
    private int _restarts;

    /// <summary>How often something was started again.</summary>
    public int Restarts => _restarts;

    /// <summary>Keeps a process down when it has ended, until <see cref="Release"/> was called as often.</summary>
    public void Hold(CellProcess process) => _down.AddOrUpdate(process, 1, (_, held) => held + 1);

    /// <summary>Undoes <see cref="Hold"/>.</summary>
    public void Release(CellProcess process) => _down.AddOrUpdate(process, 0, (_, held) => Math.Max(0, held - 1));

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var process in processes)
            {
                if (process.IsRunning || _down.GetValueOrDefault(process) > 0) continue;
                process.Start();
                _restarts++;
            }

            await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
        }
    }
}
