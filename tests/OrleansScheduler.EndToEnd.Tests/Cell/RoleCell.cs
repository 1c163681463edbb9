using System.Globalization;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>
/// A cell of separate processes: silo, gateway and agent, each of which can be killed and started again alone. What follows a role's
/// <c>-</c> tells several of it apart.
/// </summary>
internal sealed class RoleCell(
    TestDirectory directory, IReadOnlyDictionary<string, string>? storage = null, IReadOnlyDictionary<string, string>? settings = null)
    : IAsyncDisposable
{
    private readonly Dictionary<string, Osched> _roles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _environment = Settings(directory, storage, settings);

    public SchedulerClient Client => new(new SchedulerClientOptions { Gateway = new Uri(_environment["Gateway__Url"]) });

    public IReadOnlyDictionary<string, string> Environment => _environment;

    public string Output => string.Join('\n', _roles.Select(r => $"--- {r.Key}\n{r.Value.Output}"));

    public void Start(params ReadOnlySpan<string> roles)
    {
        foreach (var role in roles)
        {
            var verb = role.Split('-')[0];
            _roles[role] = Osched.Start(verb == "gateway" ? verb : $"{verb} --metrics off", EnvironmentOf(role));
        }
    }

    /// <summary>A setting of every role that is started from now on.</summary>
    public void Set(string name, string value) => _environment[name] = value;

    public Task Kill(string role) => _roles[role].Kill();

    /// <summary>SIGSTOP, until <see cref="Resume"/>.</summary>
    public void Pause(string role) => OwnedProcess.Send(_roles[role].Id, Signal.Stop);

    public void Resume(string role) => OwnedProcess.Send(_roles[role].Id, Signal.Continue);

    public async ValueTask DisposeAsync()
    {
        foreach (var role in _roles.Values) await role.DisposeAsync();
    }

    /// <summary>Silos beside the first have ports of their own, the same at every start.</summary>
    private Dictionary<string, string> EnvironmentOf(string role)
    {
        if (!role.StartsWith("silo-", StringComparison.Ordinal)) return _environment;
        if (!_own.TryGetValue(role, out var own))
        {
            _own[role] = own = new(_environment, StringComparer.Ordinal)
            {
                ["Orleans__Endpoints__SiloPort"] = Port(),
                ["Orleans__Endpoints__GatewayPort"] = Port(),
            };
        }

        return own;
    }

    private static string Port() => LoopbackPort.Free().ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Settings(
        TestDirectory directory, IReadOnlyDictionary<string, string>? storage, IReadOnlyDictionary<string, string>? more)
    {
        var (silo, gateway, agents) = (Port(), Port(), Port());
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OSCHED_HOME"] = directory.State,
            ["Orleans__Endpoints__AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans__Endpoints__SiloPort"] = silo,
            ["Orleans__Endpoints__GatewayPort"] = gateway,
            ["Gateway__Url"] = $"http://127.0.0.1:{Port()}",
            ["Gateway__AgentUrl"] = $"http://127.0.0.1:{agents}",
            ["Agent__GatewayUrl"] = $"http://127.0.0.1:{agents}",
            ["Agent__NodeId"] = "node-1",
            ["Agent__StateDirectory"] = Path.Combine(directory.State, "agent"),
            ["Agent__Capacity__Cpu"] = "2",
            ["Agent__Isolation__Level"] = "none",
            ["Cell__ResendAfter"] = "00:00:01",

            // These tests count starts on machines that other tests keep busy: silence alone must not look like a loss.
            ["Cell__UnreachableAfter"] = "00:00:30",

            // Nobody starts a silo again here that the others gave up because the machine was busy.
            ["Orleans__Membership__ProbeTimeout"] = "00:00:02",
            ["Orleans__Membership__MaxProbeTimeout"] = "00:00:02",
        };
        foreach (var (name, value) in storage ?? Embedded(directory, silo, gateway)) settings[name] = value;
        foreach (var (name, value) in more ?? ImmutableDictionary<string, string>.Empty) settings[name] = value;
        return settings;
    }

    /// <summary>One silo with a file of its own; its clients are told where it is.</summary>
    private static Dictionary<string, string> Embedded(TestDirectory directory, string silo, string gateway) => new(StringComparer.Ordinal)
    {
        ["Cell__StateDirectory"] = directory.State,
        ["Orleans__Clustering__PrimarySiloEndPoint"] = $"127.0.0.1:{silo}",
        ["Orleans__Clustering__Gateways__0"] = $"127.0.0.1:{gateway}",
    };
}
