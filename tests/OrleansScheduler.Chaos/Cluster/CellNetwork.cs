using System.ComponentModel;

namespace OrleansScheduler.Chaos;

/// <summary>
/// A network of this machine's own: a bridge, and on it one network namespace for each process, so that the link from one to another can be
/// cut in one direction. Needs root, <c>ip</c> and <c>iptables</c>. Everything is removed at the end.
/// </summary>
internal sealed class CellNetwork : IAsyncDisposable
{
    private const int MostNetworks = 250;
    private const int Host = 254;

    private readonly int _number;
    private readonly Dictionary<string, int> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<(string From, string To), string[]> _broken = [];

    private CellNetwork(int number) => _number = number;

    /// <summary>Address of the machine itself on this network.</summary>
    public string HostAddress => Address(Host);

    private string Bridge => $"oschaos{_number}";

    /// <summary>Whether this user can have one here, and cut its links. If not, why.</summary>
    public static async Task<string?> WhyNot()
    {
        if (!Environment.IsPrivilegedProcess) return "only root can make network namespaces";
        try
        {
            await using var network = await Create();
            await network.Add("a");
            await network.Add("b");
            await network.Cut("a", "b");
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            return $"no network namespaces here: {e.Message}";
        }
    }

    /// <summary>Makes a network with the first number that nobody uses.</summary>
    /// <exception cref="InvalidOperationException">This user may not, or all numbers are taken.</exception>
    public static async Task<CellNetwork> Create()
    {
        if (!Environment.IsPrivilegedProcess) throw new InvalidOperationException("network namespaces can only be made by root");
        for (var number = 0; number < MostNetworks; number++)
        {
            var network = new CellNetwork(number);
            if (Directory.Exists($"/sys/class/net/{network.Bridge}")) continue;
            try
            {
                await Ip($"link add {network.Bridge} type bridge");
            }
            catch (InvalidOperationException) when (Directory.Exists($"/sys/class/net/{network.Bridge}"))
            {
                continue;   // somebody else was faster
            }

            await Ip($"addr add {network.HostAddress}/24 dev {network.Bridge}");
            await Ip($"link set {network.Bridge} up");
            return network;
        }

        throw new InvalidOperationException("all networks are taken");
    }

    /// <summary>Adds a namespace. Answers its address and the command that programs in it are started through.</summary>
    public async Task<(string Address, ImmutableArray<string> Through)> Add(string name)
    {
        var index = _members.Count + 1;
        _members.Add(name, index);
        var (space, outer, inner) = (Space(name), Outer(index), $"oc{_number}b{index}");
        await Ip($"netns add {space}");
        await Ip($"link add {outer} type veth peer name {inner}");
        await Ip($"link set {inner} netns {space}");
        await Ip($"link set {outer} master {Bridge}");
        await Ip($"link set {outer} up");
        await Ip($"-n {space} addr add {Address(index)}/24 dev {inner}");
        await Ip($"-n {space} link set {inner} up");
        await Ip($"-n {space} link set lo up");
        return (Address(index), ["ip", "netns", "exec", space]);
    }

    /// <summary>
    /// Nothing of <paramref name="from"/> arrives at <paramref name="to"/> any more; the other direction is as before. A link that is
    /// broken already stays as it is.
    /// </summary>
    public Task Cut(string from, string to) => Break(from, to, ["-j", "DROP"]);

    /// <summary>As <see cref="Cut"/>, but the sender is told so, which ends its connections.</summary>
    public Task Reject(string from, string to) => Break(from, to, ["-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset"]);

    /// <summary>A share of what <paramref name="from"/> sends never arrives at <paramref name="to"/>.</summary>
    public Task Lose(string from, string to, double share) => Break(
        from, to,
        ["-m", "statistic", "--mode", "random", "--probability", share.ToString(CultureInfo.InvariantCulture), "-j", "DROP"]);

    /// <summary>Undoes what was done to a link.</summary>
    public async Task Heal(string from, string to)
    {
        if (_broken.Remove((from, to), out var rule)) await Filter("-D", from, to, rule);
    }

    /// <summary>Undoes everything.</summary>
    public async Task HealAll()
    {
        foreach (var (from, to) in _broken.Keys.ToArray()) await Heal(from, to);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var (name, index) in _members)
        {
            // A namespace lives as long as a process in it; its link goes at once.
            await Ip($"link del {Outer(index)}");
            await Ip($"netns del {Space(name)}");
        }

        await Ip($"link del {Bridge}");
    }

    private string Outer(int index) => $"oc{_number}a{index}";

    private string Space(string name) => $"oschaos{_number}-{name}";

    private string Address(int index) => $"10.77.{_number}.{index}";

    private async Task Break(string from, string to, string[] rule)
    {
        if (_broken.TryAdd((from, to), rule)) await Filter("-A", from, to, rule);
    }

    private Task Filter(string action, string from, string to, string[] rule) => OwnedProcess.Run(
        ["ip", "netns", "exec", Space(to), "iptables", "-w", action, "INPUT", "-s", Address(_members[from]), .. rule]);

    private static Task Ip(string arguments) => OwnedProcess.Run(["ip", .. arguments.Split(' ')]);
}
