using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>Whatever happens in whatever order, what is lent, held and free is what there is, and nobody gets what is not theirs.</summary>
public sealed class OfferBookPropertyTests
{
    private static readonly string[] Roles = ["a", "a/b", "a/c", "d"];
    private static readonly string[] Frameworks = ["F0", "F1", "F2", "F3", "F4", "F5"];

    private static readonly Gen<(int Kind, int A, int B, int Cpu, int Memory)> GenStep =
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 23], Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 4]);

    [Fact]
    public void Nothing_is_lost_lent_twice_or_given_beyond_quotas() =>
        Gen.Select(GenStep.Array[1, 60], Gen.Int).Sample(static (steps, seed) => Play(steps, seed, viewers: 1), iter: 10_000);

    [Fact]
    public void Nothing_is_lost_or_given_beyond_limits_when_several_see_the_same() =>
        Gen.Select(GenStep.Array[1, 60], Gen.Int).Sample(static (steps, seed) => Play(steps, seed, viewers: 2), iter: 3_000);

    private static void Play((int Kind, int A, int B, int Cpu, int Memory)[] steps, int seed, int viewers)
    {
        var cell = new OfferCell(new OfferOptions { Viewers = viewers, SmallestOffers = [] }, seed);
        var held = new List<(string Framework, string Role, string Node, Taken Parts)>();
        var refused = new List<(string Framework, string Role, string Node, Taken Parts, DateTimeOffset Until)>();
        var ever = new List<(string Framework, string Role, string Node, Taken Parts, DateTimeOffset Until)>();
        var subscribed = new Dictionary<string, string>();
        var done = new HashSet<long>();
        for (var i = 0; i < 3; i++) cell.Node($"N{i}", 4, 4);
        foreach (var (kind, a, b, cpu, memory) in steps)
        {
            var (framework, role, node) = (Frameworks[a % 6], Roles[a % 4], $"N{b % 4}");
            var out0 = cell.Book.Offers;
            var offer = out0.Length == 0 ? null : out0[a % out0.Length];
            switch (kind)
            {
                case 0 or 1 or 2 or 3:
                    var before = Short(cell.Roles);
                    var consumed = Consumed(cell.Roles);
                    foreach (var made in cell.Offers()) NotRefused(made, refused, cell.Now);
                    WithinLimits(cell.Roles, consumed);
                    if (viewers == 1) NothingLeftOver(cell, subscribed, ever);
                    if (viewers == 1) Assert.True(Short(cell.Roles).FitsInto(before));
                    break;
                case 4 or 5:
                    cell.Framework(framework, role);
                    subscribed[framework] = role;
                    if (b == 0) refused.RemoveAll(r => r.Framework == framework);
                    else refused.RemoveAll(r => r.Framework == framework && r.Role != role);
                    break;
                case 6 when offer is not null:
                    cell.Decline(offer, cpu);
                    if (cpu == 0) break;
                    refused.Add((offer.Framework, offer.Role, offer.Node, offer.Parts, Until(cell, cpu)));
                    ever.Add(refused[^1]);
                    break;
                case 7 or 8 or 9 when offer is not null:
                    var earlier = Consumed(cell.Roles);
                    var used = new Taken(
                        Amounts.Min(offer.Parts.Unreserved, OfferCell.Amount(cpu, memory)), default, b > 2 ? offer.Parts.Pools : []);
                    var answer = cell.Book.Accept(offer.Framework, [offer.Id], used, Refusal.Of(b), cell.Now);
                    WithinLimits(cell.Roles, earlier);
                    Assert.True(done.Add(offer.Id));
                    var again = cell.Book.Accept(offer.Framework, [offer.Id], used, Refusal.Of(b), cell.Now);
                    Assert.Equal("offer-not-out", again.Problem?.Code);
                    if (answer.Value is not { } accepted)
                    {
                        Assert.Equal((2, "offer-taken"), (viewers, answer.Problem!.Code));
                        break;
                    }

                    held.Add((offer.Framework, offer.Role, offer.Node, used));
                    if (b == 0 || accepted.Returned.IsEmpty) break;
                    refused.Add((offer.Framework, offer.Role, offer.Node, accepted.Returned, Until(cell, b)));
                    ever.Add(refused[^1]);
                    break;
                case 10 when held.Count > 0:
                    var gone = held[a % held.Count];
                    held.RemoveAt(a % held.Count);
                    Assert.Null(cell.Book.Release(gone.Framework, gone.Role, gone.Node, gone.Parts));
                    break;
                case 11:
                    var limit = b > 3 ? ResourceLimit.None : new((cpu + 2) * 1000, memory + 2, null, null);
                    var quota = new Quota { Guarantee = OfferCell.Amount(cpu, memory), Limit = limit };
                    cell.Roles.SetQuota(cell.Roles.GetOrAdd(role), b == 0 ? null : quota);
                    break;
                case 12:
                    cell.Pass(cpu);
                    break;
                case 13 when memory < 3 && b < 4:
                    cell.Node(node, 4 + cpu, 4 + memory);
                    refused.RemoveAll(r => r.Node == node);
                    break;
                case 13:
                    cell.Book.Deactivate(framework);
                    subscribed.Remove(framework);
                    refused.RemoveAll(r => r.Framework == framework);
                    break;
                case 14 when b < 3:
                    var id = cell.Roles.GetOrAdd(role);
                    if (cell[node].Reserve(cell.Roles, id, OfferCell.Amount(cpu, memory)).Problem is null)
                        cell.Roles.Reserve(id, OfferCell.Amount(cpu, memory));
                    break;
                case 15:
                    cell.Book.RescindNode(node);
                    if (a % 3 == 0) cell.Book.RescindForQuotas();
                    break;
                default:
                    break;
            }

            Balance(cell, held, viewers);
        }
    }

    private static DateTimeOffset Until(OfferCell cell, int seconds) => cell.Now + TimeSpan.FromSeconds(Math.Max(1, seconds));

    private static Resources Short(RoleTree roles) => Amounts.Positive(roles.RequiredHeadroom - Amounts.Positive(roles.AvailableHeadroom));

    private static Resources[] Consumed(RoleTree roles) =>
        [.. Enumerable.Range(0, roles.Count).Select(roles.ConsumedBy)];

    private static void WithinLimits(RoleTree roles, Resources[] before)
    {
        for (var i = 0; i < before.Length; i++)
        {
            var limit = (roles.QuotaOf(i)?.Limit ?? ResourceLimit.None).OrLargest;
            Assert.True(roles.ConsumedBy(i).FitsInto(Amounts.Max(limit, before[i])));
        }
    }

    /// <summary>Without quotas, what is free after a round is refused by everyone who could have it.</summary>
    private static void NothingLeftOver(
        OfferCell cell, Dictionary<string, string> subscribed,
        List<(string Framework, string Role, string Node, Taken Parts, DateTimeOffset Until)> ever)
    {
        if (Enumerable.Range(0, cell.Roles.Count).Any(r => cell.Roles.QuotaOf(r) is not null)) return;
        for (var i = 0; i < 3; i++)
        {
            var (node, free) = ($"N{i}", cell[$"N{i}"].Free);
            if (free == Resources.None || !free.IsNonNegative) continue;
            foreach (var (framework, role) in subscribed)
            {
                Assert.Contains(ever, r => (r.Framework, r.Role, r.Node) == (framework, role, node) && r.Until >= cell.Now
                    && free.FitsInto(r.Parts.Unreserved));
            }
        }
    }

    private static void NotRefused(
        Offer offer, List<(string Framework, string Role, string Node, Taken Parts, DateTimeOffset Until)> refused, DateTimeOffset now)
    {
        foreach (var (framework, role, node, parts, until) in refused)
        {
            if ((framework, role, node) == (offer.Framework, offer.Role, offer.Node) && until >= now)
                Assert.False(offer.Parts.FitsInto(parts), $"{offer} was refused until {until}");
        }
    }

    private static void Balance(OfferCell cell, List<(string Framework, string Role, string Node, Taken Parts)> held, int viewers)
    {
        var offers = cell.Book.Offers;
        for (var i = 0; i < 3; i++)
        {
            var (node, amounts) = ($"N{i}", cell[$"N{i}"]);
            var lent = viewers == 1 ? offers.Where(o => o.Node == node).Aggregate(Resources.None, (s, o) => s + o.Amount) : Resources.None;
            var holding = held.Where(h => h.Node == node).Aggregate(Resources.None, (s, h) => s + h.Parts.Sum);
            var free = amounts.Free;
            foreach (var pool in amounts.Pools) free += pool.Free;
            Assert.Equal(amounts.Capacity, free + lent + holding);
            Assert.True(offers.Count(o => o.Node == node) <= (viewers == 1 ? 100 : viewers));
        }

        foreach (var role in Roles)
        {
            if (cell.Roles.Find(role) is var id && id < 0) continue;
            var all = offers.Where(o => In(o.Role, role)).Aggregate(Resources.None, (s, o) => s + o.Amount)
                + held.Where(h => In(h.Role, role)).Aggregate(Resources.None, (s, h) => s + h.Parts.Sum);
            Assert.Equal(all, cell.Roles.AllocatedTo(id));
        }

        static bool In(string role, string above) => RolePath.IsSelfOrDescendant(role, above);
    }
}
