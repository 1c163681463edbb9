namespace OrleansScheduler.Silo;

/// <summary>The ledger did not take a job's demand in, but the rest of its claim: too much waits already. Try again later.</summary>
[GenerateSerializer, Alias("osched.ClaimRefusedException")]
internal sealed class ClaimRefusedException(string message) : Exception(message);
