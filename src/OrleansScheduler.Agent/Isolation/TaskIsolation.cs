using System.Diagnostics;
using Microsoft.Extensions.Options;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>Decides how a task is kept apart on this node, by what the machine can do and what the settings and the job say.</summary>
internal sealed class TaskIsolation
{
    private const int SelfTestMillis = 10_000;
    private readonly IsolationOptions _options;
    private readonly StateDirectory _state;
    private readonly CgroupTree _cgroups;
    private readonly ImmutableHashSet<string> _can;

    public TaskIsolation(StateDirectory state, ShimProgram shim, CgroupTree cgroups, DiskQuota quota, IOptions<AgentOptions> options)
    {
        (_options, _state, _cgroups) = (options.Value.Isolation, state, cgroups);
        _can = _options.Level == IsolationOptions.None ? [] : Probe(shim);
        if (quota.IsAvailable) _can = _can.Add("disk-quota");
    }

    /// <summary>What of it this node offers, as attributes: <c>cgroups</c>, <c>isolation</c>.</summary>
    public IEnumerable<(string Name, ImmutableArray<string> Values)> Attributes()
    {
        yield return ("cgroups", [!_cgroups.IsAvailable ? "none" : _cgroups.IsVersion2 ? "v2" : "v1"]);
        yield return ("isolation", _can.IsEmpty ? ["none"] : [.. _can.Order(StringComparer.Ordinal)]);
    }

    /// <summary>How an attempt is kept apart. Its control group is made.</summary>
    /// <exception cref="TaskStartException">It asks for an account that it may not have.</exception>
    public IsolationSpec For(Attempt attempt)
    {
        // The runtime keeps a container apart, and needs for that what tasks do not have.
        if (attempt.Spec!.Driver == TaskDrivers.Oci) return new();
        var account = Account(attempt.Spec.User);
        if (_options.Level == IsolationOptions.None) return new();
        var (join, outOfMemory) = _cgroups.Create(attempt.Directory, attempt.Spec.Resources);
        var spec = new IsolationSpec
        {
            Cgroups = join,
            OutOfMemoryFile = outOfMemory,
            ProcessNumbers = _can.Contains("pid"),
            Mounts = _can.Contains("mount"),
            Ipc = _can.Contains("ipc"),
            HostName = _can.Contains("ipc") ? $"{attempt.Id.Job.Name}-{attempt.Id.Instance}" : null,
            Writable = [.. _options.Writable.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
            Account = account,
            DropCapabilities = _can.Contains("user"),
            Seccomp = _can.Contains("seccomp"),
        };
        return spec.Mounts ? spec with { Hidden = Hidden(attempt.Directory, account) } : spec;
    }

    /// <summary>The account of a task; null for the agent's own.</summary>
    private AccountSpec? Account(string? user)
    {
        var mayChange = Environment.UserName == "root" && _options.Level != IsolationOptions.None;
        if (user is null && (!mayChange || _options.User == "self")) return null;
        user ??= _options.User;
        if (user == Environment.UserName && (!mayChange || _options.User is "self")) return null;
        var account = AccountFile.Find(user) ?? throw new TaskStartException($"This node has no account '{user}'.");
        var allowed = _options.Users.Split(',', StringSplitOptions.TrimEntries);
        var isAllowed = user == _options.User || allowed.Contains(user, StringComparer.Ordinal)
            || (account.User != 0 && allowed.Contains("*", StringComparer.Ordinal));
        if (!isAllowed) throw new TaskStartException($"Tasks may not run as '{user}' on this node (Agent:Isolation:Users).");
        return mayChange ? account : throw new TaskStartException($"The agent of this node cannot run tasks as '{user}': it is not root.");
    }

    /// <summary>
    /// What is hidden around a sandbox: the other attempts, or the whole directory that keeps the account from going to its own.
    /// </summary>
    private string Hidden(AttemptDirectory directory, AccountSpec? account)
    {
        var hidden = AttemptDirectory.AllOf(_state.Root);
        if (account is null || account.User == 0) return hidden;
        for (var at = Path.GetDirectoryName(hidden); at is not (null or "/"); at = Path.GetDirectoryName(at))
        {
            if (!File.GetUnixFileMode(at).HasFlag(UnixFileMode.OtherExecute)) hidden = at;
        }

        return hidden;
    }

    private static ImmutableHashSet<string> Probe(ShimProgram shim)
    {
        using var process = Process.Start(new ProcessStartInfo(shim.Path, [.. shim.Arguments, "probe"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        if (!process.WaitForExit(SelfTestMillis)) process.Kill();
        return [.. process.StandardOutput.ReadToEnd().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];
    }
}
