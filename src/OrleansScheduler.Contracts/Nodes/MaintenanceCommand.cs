namespace OrleansScheduler.Contracts;

/// <summary>What an operator asks of a node.</summary>
[GenerateSerializer, Immutable, Alias("osched.MaintenanceCommand")]
public sealed record MaintenanceCommand
{
    /// <summary>Names this operation: repeating it with the same id changes nothing.</summary>
    [Id(0)] public required string OperationId { get; init; }

    /// <summary>Who asked.</summary>
    [Id(1)] public required string Actor { get; init; }

    /// <summary>What is wanted; null to put the node back into service.</summary>
    [Id(2)] public MaintenanceRequest? Request { get; init; }

    /// <summary>Whether it is only planned: the node drains from <see cref="MaintenanceRequest.From"/> on.</summary>
    [Id(3)] public bool IsSchedule { get; init; }
}
