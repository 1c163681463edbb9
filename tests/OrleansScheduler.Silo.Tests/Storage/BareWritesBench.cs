using System.Diagnostics;

namespace OrleansScheduler.Silo.Tests;

/// <summary>The physical limit of a cell on the embedded store: only the rows that jobs of a hundred tasks write on their way to RUNNING.</summary>
public sealed class BareWritesBench
{
    private const int Tasks = 100;
    private static readonly int[] Rows = [3_000, 7_500, 4_000];

    [Theory(Explicit = true)]
    [InlineData(4_000, 64)]
    public async Task Rows_of_jobs_and_nothing_else(int jobs, int atOnce)
    {
        await using var bench = new SqliteBench();
        var storage = bench.Open();
        var next = -1;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            for (var job = Interlocked.Increment(ref next); job < jobs; job = Interlocked.Increment(ref next)) await Write(storage, job);
        }));
        var took = Stopwatch.GetElapsedTime(started);
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        TestContext.Current.SendDiagnosticMessage(
            "{0:0} tasks/s, {1:0.00} us of cpu a task, {2:0} rows/s", jobs * Tasks / took.TotalSeconds,
            used.TotalMicroseconds / (jobs * Tasks), jobs * Rows.Length / took.TotalSeconds);
    }

    // The head row twice, then a segment row, as a journal of such a job does.
    private static async Task Write(SqliteGrainStorage storage, int job)
    {
        var grain = GrainId.Create("job", $"role/test/job-{job}");
        var head = new GrainState<JournalRow> { State = Row(Rows[0]) };
        await storage.WriteStateAsync("head", grain, head);
        head.State = Row(Rows[1]);
        await storage.WriteStateAsync("head", grain, head);
        await storage.WriteStateAsync("segment-000001", grain, new GrainState<JournalRow> { State = Row(Rows[2]) });
    }

    private static JournalRow Row(int size) => JournalRow.Seal("head", 1, new byte[size]);
}
