using System.Globalization;
using System.Text.Json;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Cli;

/// <summary>Hands the load to the cell, several requests at a time, and remembers how long they took.</summary>
internal sealed class LoadSubmitter(
    SchedulerClient client, SimulatedJobs jobs, SimulationOptions options, string operation, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly Lock _lock = new();
    private readonly List<float> _times = [];
    private readonly List<SimulatedJob> _submitted = [];
    private long _tasks;
    private long _refused;
    private long _startedAt;

    /// <summary>Timestamp of the first submit; 0 before.</summary>
    public long StartedAt => Interlocked.Read(ref _startedAt);

    /// <summary>Tasks of the jobs that the cell has taken, or may have.</summary>
    public long Tasks => Interlocked.Read(ref _tasks);

    /// <summary>Jobs that the cell refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Why the first of them was refused; null when none was.</summary>
    public Problem? Refusal { get; private set; }

    /// <summary>Jobs that the cell has taken.</summary>
    public ImmutableArray<SimulatedJob> Submitted
    {
        get
        {
            lock (_lock) return [.. _submitted];
        }
    }

    /// <summary>From submit to answer, in milliseconds.</summary>
    public List<float> Times
    {
        get
        {
            lock (_lock) return [.. _times];
        }
    }

    /// <summary>Submits until there is no more, or the time is over.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _startedAt, time.GetTimestamp());
        using var source = options.Jobs.Chunk(options.JobsPerRequest).GetEnumerator();
        await Task.WhenAll(Enumerable.Range(0, options.Submitters).Select(_ => Work()));

        async Task Work()
        {
            await Task.Yield();
            while (Take() is { } batch)
            {
                while (!IsDue(batch))
                {
                    if (IsOver) return;
                    await Task.Delay(Pause, time, cancellationToken);
                }

                await Submit(batch, cancellationToken);
            }
        }

        PlannedJob[]? Take()
        {
            lock (_lock) return !IsOver && source.MoveNext() ? source.Current : null;
        }
    }

    private bool IsOver => options.RunFor is { } limit && time.GetElapsedTime(StartedAt) >= limit;

    private bool IsDue(PlannedJob[] batch) => options.Mode == LoadMode.Open
        ? time.GetElapsedTime(StartedAt) >= batch[^1].DueAt
        : options.MostUnfinished is not { } most || Tasks - jobs.Finished < most;

    private async Task Submit(PlannedJob[] batch, CancellationToken cancellationToken)
    {
        var body = new MemoryStream();
        var added = new List<SimulatedJob>(batch.Length);
        foreach (var planned in batch)
        {
            JsonSerializer.Serialize(body, planned.Spec, WireJson.Options);
            added.Add(jobs.Add(
                planned.Spec.Key.ToString(), planned.Spec.Instances, planned.Duration, planned.Spec.Task.Resources, planned.Role));
        }

        var tasks = batch.Sum(planned => planned.Spec.Instances);
        Interlocked.Add(ref _tasks, tasks);
        var since = time.GetTimestamp();
        foreach (var job in added) job.SubmittedAt = since;
        var answer = await client.SubmitJobsAsync(
            new(body.GetBuffer().AsMemory(0, (int)body.Length), "application/json"),
            string.Create(CultureInfo.InvariantCulture, $"{operation}-{batch[0].Spec.Key.Name}"), cancellationToken: cancellationToken);
        var took = (float)time.GetElapsedTime(since).TotalMilliseconds;
        if (answer.Problem is { } problem)
        {
            Refusal ??= problem;
            Interlocked.Add(ref _refused, batch.Length);
            if (problem.Kind != ProblemKind.OutcomeUnknown)
            {
                Interlocked.Add(ref _tasks, -tasks);
                return;
            }
        }

        lock (_lock)
        {
            _times.Add(took);
            _submitted.AddRange(added);
        }
    }
}
