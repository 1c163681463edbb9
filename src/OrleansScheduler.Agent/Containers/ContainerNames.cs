using System.Security.Cryptography;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>What containers are called. The agent's directory is part of it: several agents may share an engine, each with its own
/// tasks.</summary>
internal static class ContainerNames
{
    /// <summary>Label that names the agent's directory.</summary>
    public const string AgentLabel = "osched.agent";

    /// <summary>Label that names the attempt.</summary>
    public const string AttemptLabel = "osched.attempt";

    /// <summary>The one name of an attempt's container: a second one of it cannot be made.</summary>
    public static string Of(string agentId, AttemptId attempt) => PrefixOf(agentId)
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(attempt.ToString())).AsSpan(0, 8));

    /// <summary>What all names of an agent start with.</summary>
    public static string PrefixOf(string agentId) => $"osched-{agentId[..12]}-";
}
