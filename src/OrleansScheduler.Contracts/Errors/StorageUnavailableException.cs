namespace OrleansScheduler.Contracts;

/// <summary>The cell's storage does not answer, so nothing can be made durable just now. What is in memory is still served.</summary>
[GenerateSerializer, Alias("osched.StorageUnavailableException")]
public sealed class StorageUnavailableException : Exception
{
    /// <summary>Says what could not be done.</summary>
    public StorageUnavailableException(string message) : base(message)
    {
    }

    /// <summary>Says what could not be done and what led there.</summary>
    public StorageUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>For serialisers.</summary>
    public StorageUnavailableException()
    {
    }

    /// <summary>Whether the request was on its way to the storage when it fell silent, so that it may turn out to have been done.</summary>
    [Id(0)] public bool MayBeDone { get; init; }
}
