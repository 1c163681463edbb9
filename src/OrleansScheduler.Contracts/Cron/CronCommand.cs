namespace OrleansScheduler.Contracts;

/// <summary>A command to a cron job.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="Verb">What the job is to do.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.CronCommand")]
public sealed record CronCommand([property: Id(0)] string OperationId, [property: Id(1)] CronVerb Verb, [property: Id(2)] string Actor);
