using System.Globalization;

namespace OrleansScheduler.Core.Tests;

/// <summary>A small cell for tests of offers: amounts in cores and MiB, a clock that stands, and a total that follows the nodes.</summary>
internal sealed class OfferCell
{
    private readonly SortedDictionary<string, NodeAmounts> _nodes = new(StringComparer.Ordinal);

    public OfferCell(OfferOptions? options = null, int seed = 1)
    {
        Options = options ?? new();
        Book = new OfferBook(Roles, Options, new Random(seed));
    }

    public RoleTree Roles { get; } = new();

    public OfferOptions Options { get; }

    public OfferBook Book { get; }

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public NodeAmounts this[string node] => _nodes[node];

    public static Resources Amount(double cpu, long memory, long disk = 0, double gpu = 0) =>
        new((long)Math.Round(cpu * 1000), memory, disk, (long)Math.Round(gpu * 1000));

    public void Node(
        string id, double cpu, long memory, long disk = 0, double gpu = 0, string region = "", double revocable = 0, string rack = "")
    {
        if (!_nodes.TryGetValue(id, out var amounts)) _nodes.Add(id, amounts = new());
        amounts.SetCapacity(Amount(cpu, memory, disk, gpu), Amount(revocable, 0));
        Roles.Total = _nodes.Values.Aggregate(Resources.None, (sum, n) => sum + n.Capacity);
        var facts = new OfferNodeFacts { Region = region, Host = id };
        if (rack.Length > 0) facts = facts with { Attributes = facts.Attributes.Add("rack", [rack]) };
        Book.PutNode(id, amounts, facts);
    }

    public void Framework(
        string id, string role, FrameworkCapabilities capabilities = FrameworkCapabilities.None, ImmutableArray<Resources>? smallest = null)
    {
        var description = new FrameworkDescription { Id = id, Roles = [role], Capabilities = capabilities };
        if (smallest is { } amounts) description = description with { SmallestOffers = description.SmallestOffers.Add(role, amounts) };
        Assert.Null(Book.Subscribe(description).Problem);
    }

    public void Weight(string role, double weight) => Roles.SetWeight(Roles.GetOrAdd(role), weight);

    public void Quota(string role, (double Cpu, long Memory)? guarantee = null, (double Cpu, long Memory)? limit = null) =>
        Roles.SetQuota(Roles.GetOrAdd(role), new Quota
        {
            Guarantee = guarantee is { } g ? Amount(g.Cpu, g.Memory) : default,
            Limit = limit is { } l ? new(Amount(l.Cpu, 0).CpuMillis, l.Memory, null, null) : default,
        });

    public void Quota(string role, (double Cpu, long Memory, long Disk) guarantee, (double Cpu, long Memory, long Disk) limit) =>
        Roles.SetQuota(Roles.GetOrAdd(role), new Quota
        {
            Guarantee = Amount(guarantee.Cpu, guarantee.Memory, guarantee.Disk),
            Limit = ResourceLimit.Of(Amount(limit.Cpu, limit.Memory, limit.Disk)) with { GpuMillis = null },
        });

    public int Reserve(
        string node, string role, double cpu, long memory, long disk = 0, PoolTraits traits = PoolTraits.None, int refines = -1)
    {
        var id = Roles.GetOrAdd(role);
        var answer = _nodes[node].Reserve(Roles, id, Amount(cpu, memory, disk), traits, refines);
        Assert.Null(answer.Problem);
        Roles.Reserve(id, Amount(cpu, memory, disk));
        return answer.Value;
    }

    public void Refine(string node, string above, string below, double cpu, long memory)
    {
        var pool = Reserve(node, above, cpu, memory);
        Reserve(node, below, cpu, memory, refines: pool);
        Roles.Unreserve(Roles.Find(above), Amount(cpu, memory));
    }

    public void Share(string node, string role, long disk) => Reserve(node, role, 0, 0, disk, PoolTraits.Shared);

    public void Mount(string node, long disk) =>
        Assert.Null(_nodes[node].Reserve(Roles, 0, Amount(0, 0, disk), PoolTraits.Indivisible | PoolTraits.Static).Problem);

    public void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public ImmutableArray<Offer> Offers() => Book.Allocate(Now);

    /// <summary>A round's offers as <c>framework role node cpu/memory</c>, with disk and GPUs where there are any.</summary>
    public ImmutableArray<string> Round() => [.. Offers().Select(Text)];

    public void Decline(Offer offer, double seconds) =>
        Assert.Null(Book.Decline(offer.Framework, [offer.Id], Refusal.Of(seconds), Now));

    public AcceptedOffer Accept(Offer offer, Taken used, double seconds = 0)
    {
        var answer = Book.Accept(offer.Framework, [offer.Id], used, Refusal.Of(seconds), Now);
        Assert.Null(answer.Problem);
        return answer.Value!;
    }

    private static string Text(Offer offer)
    {
        var a = offer.Amount;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{offer.Framework} {offer.Role} {offer.Node} {a.CpuMillis / 1000.0}/{a.MemoryMiB}");
        if (a.DiskMiB > 0 || a.GpuMillis > 0) text += string.Create(CultureInfo.InvariantCulture, $"/{a.DiskMiB}");
        return a.GpuMillis > 0 ? text + string.Create(CultureInfo.InvariantCulture, $"/{a.GpuMillis / 1000.0}") : text;
    }
}
