using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>How much the gateway takes on before it refuses. Section <c>Gateway:Admission</c>.</summary>
/// <remarks>
/// Everybody is anonymous as long as the gateway does not authenticate, and a proxy makes many users one address. So what one principal may
/// do is generous, and what protects the cell is the number of requests at once.
/// </remarks>
public sealed class AdmissionOptions
{
    /// <summary>Requests that read. Default 10,000/s for each principal; 256 at once for all, and 1,024 that wait for one of
    /// these.</summary>
    [Required, ValidateObjectMembers]
    public RequestLimits Reads { get; set; } = new() { AtOnce = 256 };

    /// <summary>Requests that change something. Default as for reads, but 512 at once: they wait for the store together.</summary>
    [Required, ValidateObjectMembers]
    public RequestLimits Writes { get; set; } = new() { AtOnce = 512 };

    /// <summary>Streams of events and of output that one principal may have open. Default 100.</summary>
    [Range(1, 100_000)]
    public int StreamsPerPrincipal { get; set; } = 100;

    /// <summary>Streams that all principals together may have open. Default 5,000.</summary>
    [Range(1, 1_000_000)]
    public int Streams { get; set; } = 5_000;

    /// <summary>
    /// Job files that may wait to be parsed; one for each processor is parsed at once. Default 64. A hostile file takes a processor for
    /// seconds.
    /// </summary>
    [Range(0, 10_000)]
    public int FilesWaiting { get; set; } = 64;

    /// <summary>Agents that register at once. Default 64.</summary>
    [Range(1, 10_000)]
    public int Registrations { get; set; } = 64;

    /// <summary>Agents that may wait to register; others are told to come again. Default 512.</summary>
    [Range(0, 100_000)]
    public int RegistrationsWaiting { get; set; } = 512;
}

/// <summary>Limits of one class of requests.</summary>
public sealed class RequestLimits
{
    /// <summary>How many a second one principal may send in the long run. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int PerSecond { get; set; } = 10_000;

    /// <summary>How many one principal may send after a pause. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int Burst { get; set; } = 20_000;

    /// <summary>How many of all principals are worked on at once.</summary>
    [Range(1, 100_000)]
    public int AtOnce { get; set; } = 256;

    /// <summary>How many wait for their turn. Default 1,024; those beyond are refused.</summary>
    [Range(0, 100_000)]
    public int Waiting { get; set; } = 1_024;
}
