using System.Text.Json;

namespace OrleansScheduler.Cli;

/// <summary>Shows how jobs move, on standard error: one line per job that is kept current for people, lines of JSON for programs.</summary>
internal abstract class JobProgress : IDisposable
{
    public static JobProgress For(Session session) =>
        session.Terminal.ErrorIsTerminal && session.Terminal.Variable("TERM") is not "dumb"
            ? new Live(session.Terminal.Error, session.Terminal.UsesColor(session.Color, isTerminal: true))
            : new Lines(session.Terminal.Error);

    /// <summary>Shows where a job stands now.</summary>
    public abstract void Show(JobView job);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    private sealed class Lines(TextWriter error) : JobProgress
    {
        private readonly Dictionary<JobKey, string> _last = [];

        public override void Show(JobView job)
        {
            var line = JsonSerializer.Serialize(new { job = job.Key, job.Phase, job.Version, job.Counts, job.Update }, WireJson.Options);
            if (_last.TryGetValue(job.Key, out var last) && last == line) return;
            _last[job.Key] = line;
            error.WriteLine(line);
        }
    }

    private sealed class Live(TextWriter error, bool color) : JobProgress
    {
        private const int BarWidth = 24;

        private readonly SortedDictionary<JobKey, JobView> _jobs = [];
        private int _drawn;

        public override void Show(JobView job)
        {
            if (_jobs.TryGetValue(job.Key, out var last) && last.Revision == job.Revision && last.Phase == job.Phase) return;
            _jobs[job.Key] = job;
            if (_drawn > 0) error.Write($"\e[{_drawn}A");
            foreach (var view in _jobs.Values) error.Write($"\e[2K{Line(view)}\n");
            _drawn = _jobs.Count;
        }

        private string Line(JobView job)
        {
            var done = job.Counts.GetValueOrDefault(job.Type == JobType.Service ? "RUNNING" : "FINISHED");
            var share = job.Instances == 0 ? 0 : Math.Clamp(done * BarWidth / job.Instances, 0, BarWidth);
            var (full, empty) = (new Field(new('━', share), Tone.Good), new Field(new('━', BarWidth - share), Tone.Faint));
            var update = job is { Phase: JobPhase.Updating or JobPhase.Paused, Update: { } u } ? $"  {u.Status} {u.Done}/{u.Total}" : "";
            var bar = full.Paint(color) + empty.Paint(color);
            return $"{job.Key}  {bar}  {Words.Of(job.Phase).Paint(color)}  {Words.CountsOf(job)}{update}";
        }
    }
}
