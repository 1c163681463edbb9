using System.Buffers.Binary;
using Cronos;

namespace OrleansScheduler.Core;

/// <summary>The moments at which a schedule fires in its time zone. On the day on which clocks go forward a single time in the hour that is
/// left out fires when that hour would have begun; on the day on which an hour comes twice it fires once, and intervals fire in
/// both.</summary>
public sealed class CronTimetable
{
    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    internal CronTimetable(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <summary>The first occurrence behind <paramref name="after"/>, with the zone's offset; null when there is none any more.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => _expression.GetNextOccurrence(after, _zone);

    /// <summary>Occurrences behind <paramref name="after"/>, one after the other.</summary>
    public IEnumerable<DateTimeOffset> After(DateTimeOffset after)
    {
        for (var next = Next(after); next is { } occurrence; next = Next(occurrence)) yield return occurrence;
    }

    /// <summary>
    /// Occurrences before <paramref name="before"/> and not before <paramref name="from"/>, the latest first. They are looked for forwards
    /// in ever longer stretches: Cronos' own way back makes times up on days on which clocks are changed.
    /// </summary>
    public IEnumerable<DateTimeOffset> Before(DateTimeOffset before, DateTimeOffset from)
    {
        for (var stretch = TimeSpan.FromMinutes(1); before > from; stretch *= 2)
        {
            var start = before - from < stretch ? from : before - stretch;
            var end = before;
            foreach (var occurrence in After(start.AddTicks(-1)).TakeWhile(o => o < end).Reverse()) yield return occurrence;
            before = start;
        }
    }

    /// <summary>
    /// When an occurrence is due: up to <paramref name="jitter"/> later, by the job's key and the occurrence, so that every owner of the
    /// job finds the same; never as late as the next occurrence.
    /// </summary>
    public DateTimeOffset DueAt(DateTimeOffset occurrence, TimeSpan jitter, JobKey job)
    {
        if (jitter <= TimeSpan.Zero) return occurrence;
        if (Next(occurrence) is { } next && next - occurrence < jitter) jitter = next - occurrence;
        return occurrence + TimeSpan.FromMilliseconds(Hash(job, occurrence) % (ulong)Math.Max(1, (long)jitter.TotalMilliseconds));
    }

    /// <summary>FNV-1a, mixed at the end: the same in every process and version.</summary>
    private static ulong Hash(JobKey job, DateTimeOffset occurrence)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in job.ToString()) hash = (hash ^ c) * 1099511628211UL;
        Span<byte> seconds = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(seconds, occurrence.ToUnixTimeSeconds());
        foreach (var b in seconds) hash = (hash ^ b) * 1099511628211UL;
        hash ^= hash >> 32;
        hash *= 0xD6E8FEB86659FD93UL;
        return hash ^ (hash >> 32);
    }
}
