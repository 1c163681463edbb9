namespace OrleansScheduler.Core;

/// <summary>A role as users see it; what it has and wants includes the roles below it.</summary>
[GenerateSerializer, Immutable, Alias("osched.RoleView")]
public sealed record RoleView
{
    /// <summary>Role path, see <see cref="RolePath"/>.</summary>
    [Id(0)] public required string Role { get; init; }

    /// <summary>Its part among its siblings. Default 1.</summary>
    [Id(1)] public double Weight { get; init; } = 1;

    /// <summary>Its quota; null when it has none.</summary>
    [Id(2)] public Quota? Quota { get; init; }

    /// <summary>What its tasks hold.</summary>
    [Id(3)] public Resources Allocated { get; init; }

    /// <summary>What counts against its quota: reservations, and what it has besides.</summary>
    [Id(4)] public Resources Consumed { get; init; }

    /// <summary>Its dominant share by its weight: the largest part it has of any resource. The smallest goes first.</summary>
    [Id(5)] public double Share { get; init; }

    /// <summary>How many attempts wait for nodes.</summary>
    [Id(6)] public int Waiting { get; init; }

    /// <summary>What is doubtful about its quota, such as a limit below what it uses; null when nothing is.</summary>
    [Id(7)] public string? Warning { get; init; }

    /// <summary>What its jobs of the preferred tier count against its production quota.</summary>
    [Id(8)] public Resources Production { get; init; }
}
