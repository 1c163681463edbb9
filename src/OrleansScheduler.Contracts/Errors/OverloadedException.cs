namespace OrleansScheduler.Contracts;

/// <summary>A grain has more to do than it may take on. Nothing was done: try again later.</summary>
[GenerateSerializer, Alias("osched.OverloadedException")]
public sealed class OverloadedException : Exception
{
    /// <summary>Says what there is too much of.</summary>
    public OverloadedException(string message) : base(message)
    {
    }

    /// <summary>Says what there is too much of and what led there.</summary>
    public OverloadedException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public OverloadedException()
    {
    }
}
