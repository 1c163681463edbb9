namespace OrleansScheduler.Core;

/// <summary>Why a role may not be given more.</summary>
public enum AdmissionKind
{
    /// <summary>It may.</summary>
    Allowed,

    /// <summary>The role or one above it would exceed its limit.</summary>
    Limit,

    /// <summary>What is guaranteed to others would not be available any more.</summary>
    Headroom,

    /// <summary>There is no such role.</summary>
    UnknownRole,
}

/// <summary>Whether a role may be given more and, if not, what stands in the way.</summary>
/// <param name="Kind">Whether and why not.</param>
/// <param name="Role">
/// The role that blocks: whose limit would be exceeded, or within which others' guarantees need the rest (the root when it is the cell's
/// capacity that they need).
/// </param>
/// <param name="Dimension">The first dimension that blocks.</param>
/// <param name="Need">How much was asked for in that dimension.</param>
/// <param name="Have">How much of that could be given.</param>
public readonly record struct Admission(AdmissionKind Kind, int Role, Dimension Dimension, long Need, long Have)
{
    /// <summary>Whether it may be given.</summary>
    public bool IsAllowed => Kind == AdmissionKind.Allowed;
}
