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
    private readonly HashSet<(string From, string To)> _cut = [];

    private CellNetwork(int number) => _number = number;

    /// <summary>Address of the machine itself on this network.</summary>
    public string HostAddress => Address(Host);

    private string Bridge => $"oschaos{_number}";

    /// <summary>Makes a network with the first number that nobody uses.</summary>
    /// <exception cref="InvalidOperationException">This user may not, or all numbers are taken.</exception>
    public static async Task<CellNetwork> Create()
    {
        if (!Environment.IsPrivilegedProcess) throw new InvalidOperationException("network namespaces can only be made by root");
        for (var number = 0; number < MostNetworks; number++)
        {
            var network = new CellNetwork(number);
            if (Directory.Exists($"/sys/class/net/{network.Bridge}")) continue;
            await Ip($"link add {network.Bridge} type bridge");
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
        var (space, outer, inner) = (Space(name), $"oc{_number}a{index}", $"oc{_number}b{index}");
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

    /// <summary>Nothing of <paramref name="from"/> arrives at <paramref name="to"/> any more; the other direction is as before.</summary>
    public async Task Cut(string from, string to)
    {
        if (_cut.Add((from, to))) await Filter("-A", from, to);
    }

    /// <summary>Undoes <see cref="Cut"/>.</summary>
    public async Task Heal(string from, string to)
    {
        if (_cut.Remove((from, to))) await Filter("-D", from, to);
    }

    /// <summary>Undoes every cut.</summary>
    public async Task HealAll()
    {
        foreach (var (from, to) in _cut.ToArray()) await Heal(from, to);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in _members.Keys) await Ip($"netns del {Space(name)}");
        await Ip($"link del {Bridge}");
    }

    private string Space(string name) => $"oschaos{_number}-{name}";

    private string Address(int index) => $"10.77.{_number}.{index}";

    private Task Filter(string action, string from, string to) =>
        OwnedProcess.Run("ip", "netns", "exec", Space(to), "iptables", action, "INPUT", "-s", Address(_members[from]), "-j", "DROP");

    private static Task Ip(string arguments) => OwnedProcess.Run(["ip", .. arguments.Split(' ')]);
}
