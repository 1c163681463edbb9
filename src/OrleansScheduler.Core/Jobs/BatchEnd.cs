namespace OrleansScheduler.Core;

/// <summary>How a batch job ended before all its instances did.</summary>
/// <param name="Succeeded">Whether enough instances have succeeded; else too many have failed.</param>
/// <param name="Reason">Why, for people.</param>
[GenerateSerializer, Immutable, Alias("osched.BatchEnd")]
public sealed record BatchEnd([property: Id(0)] bool Succeeded, [property: Id(1)] string Reason)
{
    /// <summary>Whether a batch job has ended although instances of it may still go on; null when it has not.</summary>
    /// <param name="spec">What the job asks for.</param>
    /// <param name="succeeded">How many instances have succeeded.</param>
    /// <param name="failed">How many have failed for good.</param>
    public static BatchEnd? Judge(JobSpec spec, int succeeded, int failed)
    {
        if (spec.MinSuccesses is { } enough && succeeded >= enough)
            return new(Succeeded: true, $"{succeeded} of {spec.Instances} instances have succeeded, which is enough.");
        if (spec.Retry.MaxFailedInstances is { } most && failed > most)
            return new(Succeeded: false, $"{failed} of {spec.Instances} instances have failed, and at most {most} may.");
        return null;
    }
}
