using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansScheduler.Silo;

/// <summary>
/// Refuses times of the membership with which a cell would not work: silos that are declared dead while they are only busy, or whose death
/// nobody notices for minutes. Section <c>Orleans:Membership</c>.
/// </summary>
internal sealed class MembershipValidator : IValidateOptions<ClusterMembershipOptions>
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Orleans:Membership";

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, ClusterMembershipOptions options)
    {
        var faults = new List<string>();
        Require(nameof(options.ProbeTimeout), options.ProbeTimeout);
        Require(nameof(options.MinProbeTimeout), options.MinProbeTimeout);
        Require(nameof(options.MaxProbeTimeout), options.MaxProbeTimeout);
        Require(nameof(options.TableRefreshTimeout), options.TableRefreshTimeout);
        Require(nameof(options.IAmAliveTablePublishTimeout), options.IAmAliveTablePublishTimeout);
        RequireCount(nameof(options.NumMissedProbesLimit), options.NumMissedProbesLimit);
        RequireCount(nameof(options.NumMissedTableIAmAliveLimit), options.NumMissedTableIAmAliveLimit);
        RequireCount(nameof(options.NumVotesForDeathDeclaration), options.NumVotesForDeathDeclaration);
        RequireCount(nameof(options.NumProbedSilos), options.NumProbedSilos);
        if (options.MinProbeTimeout > options.MaxProbeTimeout || options.ProbeTimeout > options.MaxProbeTimeout)
            faults.Add($"{Section}:{nameof(options.MaxProbeTimeout)} is {options.MaxProbeTimeout}: others may not exceed it.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Require(string field, TimeSpan value)
        {
            if (value < Shortest || value > Longest) faults.Add($"{Section}:{field} is {value}: expected {Shortest} to {Longest}.");
        }

        void RequireCount(string field, int value)
        {
            if (value is < 1 or > 20) faults.Add($"{Section}:{field} is {value}: expected 1 to 20.");
        }
    }
}
