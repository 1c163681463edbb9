namespace OrleansScheduler.Contracts;

/// <summary>How large a message between silos and gateways may be, the same for all of them. Larger ones are refused by whoever
/// sends.</summary>
public static class CellMessage
{
    /// <summary>Most bytes of a message's content: 8 MiB. The list of 10,000 nodes fits.</summary>
    public const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>Most bytes of a message's headers: 64 KiB.</summary>
    public const int MaxHeaderBytes = 64 * 1024;
}
