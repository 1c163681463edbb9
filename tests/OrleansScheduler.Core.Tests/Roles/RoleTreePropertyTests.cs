using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>The tree against one that computes everything anew from the list of what was given.</summary>
public sealed class RoleTreePropertyTests
{
    private static readonly string[] Paths =
        ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "f/g", "f/g/h", "f/g/h/i", "j", "!", "a!", "a/!"];

    private static readonly Gen<Resources> GenAmount =
        Gen.Select(Gen.Long[0, 6], Gen.Long[0, 6], Gen.Long[0, 2], Gen.Long[0, 1]).Select((c, m, d, g) => new Resources(c, m, d, g));

    private static readonly Gen<long?> GenLimit = Gen.OneOf(Gen.Const((long?)null), Gen.Long[0, 20].Select(l => (long?)l));

    private static readonly Gen<Step> GenStep = Gen.Select(
        Gen.Int[0, 9], Gen.Int[0, Paths.Length - 1], GenAmount, GenAmount, GenLimit, Gen.Int[0, 3])
        .Select((kind, path, amount, other, limit, number) => new Step(kind, Paths[path], amount, other, limit, number));

    [Fact]
    public void Order_admission_and_required_headroom_are_those_of_a_tree_computed_anew() =>
        Gen.Select(GenStep.Array[1, 25], GenAmount).Sample(static (steps, total) =>
        {
            var (tree, naive) = (new RoleTree { Total = total * 8 }, new Naive { Total = total * 8 });
            foreach (var step in steps)
            {
                step.Apply(tree, naive);
                Agree(tree, naive, step);
            }
        }, iter: 10_000);

    [Fact]
    public void Giving_what_is_admitted_never_makes_a_guarantee_or_a_limit_worse_and_one_more_would() =>
        Gen.Select(GenStep.Array[1, 16], GenAmount, GenAmount).Sample(static (steps, total, request) =>
        {
            var (tree, naive) = (new RoleTree { Total = total * 8 }, new Naive { Total = total * 8 });
            foreach (var step in steps) step.Apply(tree, naive);
            foreach (var path in Paths)
            {
                if (tree.Find(path) is var role && role < 0) continue;
                var allowed = tree.AllowanceOf(role, request);
                Assert.True(tree.Admit(role, allowed).IsAllowed);
                Assert.Equal(naive.Allowance(path, request), allowed);
                Assert.Equal(allowed == request, tree.Admit(role, request).IsAllowed);
            }
        }, iter: 10_000);

    private static void Agree(RoleTree tree, Naive naive, Step step)
    {
        if (step.Number < 2) return;
        foreach (var path in Paths)
        {
            if (tree.Find(path) is var role && role < 0) continue;
            Assert.Equal(naive.Allocated(path), tree.AllocatedTo(role));
            Assert.Equal(naive.Consumed(path), tree.ConsumedBy(role));
            Assert.Equal(naive.Required(path), tree.RequiredBy(role));
            Assert.Equal(naive.Count(path), tree.AllocationsOf(role));
        }

        Assert.Equal(naive.Required(""), tree.RequiredHeadroom);
        Assert.Equal(naive.Order().FirstOrDefault(""), tree.First() < 0 ? "" : tree.PathOf(tree.First()));
        if (step.Number == 2) return;

        // The whole order, by leaving out who was first.
        var order = new List<string>();
        while (tree.First() is var first && first >= 0)
        {
            order.Add(tree.PathOf(first));
            tree.Skip(first);
        }

        tree.ResetSkips();
        foreach (var skipped in naive.Skipped) tree.Skip(tree.Find(skipped));
        Assert.Equal(naive.Order(), order);
    }

    private sealed record Step(int Kind, string Path, Resources Amount, Resources Other, long? Limit, int Number)
    {
        public void Apply(RoleTree tree, Naive naive)
        {
            var role = tree.GetOrAdd(Path);
            var reserved = Amounts.Min(Amount, Other);
            switch (Kind)
            {
                case 0 or 1:
                    tree.Charge(role, Amount, Amount - reserved, Number);
                    naive.Given.Add((Path, Amount, Amount - reserved, Number));
                    break;
                case 2 when naive.Given.FindIndex(g => g.Path == Path) is var at && at >= 0:
                    var given = naive.Given[at];
                    tree.Discharge(role, given.Amount, given.Unreserved, given.Count);
                    naive.Given.RemoveAt(at);
                    break;
                case 3:
                    tree.Reserve(role, Other);
                    naive.Reserved.Add((Path, Other));
                    break;
                case 4 when naive.Reserved.FindIndex(r => r.Path == Path) is var at && at >= 0:
                    tree.Unreserve(role, naive.Reserved[at].Amount);
                    naive.Reserved.RemoveAt(at);
                    break;
                case 5:
                    var most = Limit is { } limit ? limit : long.MaxValue;
                    var quota = Number == 3
                        ? null
                        : new Quota
                        {
                            Guarantee = Amount with { CpuMillis = Math.Min(Amount.CpuMillis, most) },
                            Limit = new(Limit, null, null, null),
                        };
                    tree.SetQuota(role, quota);
                    naive.Quotas[Path] = quota;
                    break;
                case 6:
                    tree.SetWeight(role, 1 + Number);
                    naive.Weights[Path] = 1 + Number;
                    break;
                case 7:
                    tree.Total = naive.Total = Amount * 10;
                    break;
                case 8:
                    tree.SetActive(role, Number > 0);
                    if (Number > 0) naive.Active.Add(Path);
                    else naive.Active.Remove(Path);
                    break;
                case 9 when Number > 1:
                    tree.Skip(role);
                    naive.Skipped.Add(Path);
                    break;
                case 9:
                    tree.ResetSkips();
                    naive.Skipped.Clear();
                    break;
                default:
                    break;
            }
        }
    }

    private sealed class Naive
    {
        public Resources Total { get; set; }

        public List<(string Path, Resources Amount, Resources Unreserved, int Count)> Given { get; } = [];

        public List<(string Path, Resources Amount)> Reserved { get; } = [];

        public Dictionary<string, Quota?> Quotas { get; } = [];

        public Dictionary<string, int> Weights { get; } = [];

        public HashSet<string> Active { get; } = [];

        public HashSet<string> Skipped { get; } = [];

        public Resources Allocated(string path) => Sum(Given.Where(g => In(g.Path, path)).Select(g => g.Amount));

        public long Count(string path) => Given.Where(g => In(g.Path, path)).Sum(g => (long)g.Count);

        public Resources Consumed(string path) =>
            Sum(Given.Where(g => In(g.Path, path)).Select(g => g.Unreserved))
            + Sum(Reserved.Where(r => In(r.Path, path)).Select(r => r.Amount));

        public Resources Required(string path, string? given = null, Resources more = default)
        {
            var consumed = Consumed(path);
            if (given is not null && In(given, path)) consumed += more;
            var guarantee = Quotas.GetValueOrDefault(path)?.Guarantee ?? default;
            return Amounts.Max(Amounts.Positive(guarantee - consumed), Sum(Children(path).Select(c => Required(c, given, more))));
        }

        /// <summary>One unit after the other, each dimension by itself, while nothing gets worse.</summary>
        public Resources Allowance(string path, Resources wanted)
        {
            var allowed = new long[4];
            for (var d = Dimension.Cpu; d <= Dimension.Gpu; d++)
            {
                for (var n = 1; n <= wanted.In(d) && MayHave(path, d, n); n++) allowed[(int)d] = n;
            }

            return new(allowed[0], allowed[1], allowed[2], allowed[3]);
        }

        public List<string> Order() => [.. OrderBelow("")];

        private static bool In(string path, string ancestor) => RolePath.IsSelfOrDescendant(path, ancestor);

        private static Resources Sum(IEnumerable<Resources> amounts) => amounts.Aggregate(Resources.None, (a, b) => a + b);

        private static IEnumerable<string> Children(string path) =>
            Paths.Where(p => p != path && In(p, path) && p.LastIndexOf('/') == (path.Length == 0 ? -1 : path.Length));

        private bool MayHave(string path, Dimension d, long amount)
        {
            var more = new Resources(
                d == Dimension.Cpu ? amount : 0, d == Dimension.Memory ? amount : 0,
                d == Dimension.Disk ? amount : 0, d == Dimension.Gpu ? amount : 0);
            foreach (var above in Paths.Where(p => In(path, p)))
            {
                if (Quotas.GetValueOrDefault(above) is not { } quota) continue;
                var room = quota.Limit.OrLargest.In(d) - Consumed(above).In(d);
                if (amount > room) return false;
                var below = Sum(Children(above).Select(c => Required(c))).In(d);
                var belowAfter = Sum(Children(above).Select(c => Required(c, path, more))).In(d);
                if (Short(belowAfter, room - amount) > Short(below, room)) return false;
            }

            var free = (Total - Consumed("")).In(d);
            return Short(Required("", path, more).In(d), free - amount) <= Short(Required("").In(d), free);

            static long Short(long required, long room) => required == 0 ? 0 : Math.Max(0, required - room);
        }

        private IEnumerable<string> OrderBelow(string path)
        {
            var children = Children(path)
                .Select(c => (Path: c, Share: Share(c) / Weights.GetValueOrDefault(c, 1), Count: Count(c), Name: c)).ToList();
            if (path.Length > 0 && Active.Contains(path) && !Skipped.Contains(path))
            {
                var own = Given.Where(g => g.Path == path).ToList();
                children.Add((path, ShareOf(Sum(own.Select(g => g.Amount))), own.Sum(g => (long)g.Count), path + "/."));
            }

            children.Sort((a, b) =>
            {
                var order = a.Share.CompareTo(b.Share);
                if (order == 0) order = a.Count.CompareTo(b.Count);
                return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
            });
            return children.SelectMany(c => c.Path == path ? [path] : OrderBelow(c.Path));
        }

        private double Share(string path) => ShareOf(Allocated(path));

        private double ShareOf(Resources amount)
        {
            var share = 0.0;
            for (var d = Dimension.Cpu; d <= Dimension.Gpu; d++)
            {
                if (Total.In(d) > 0) share = Math.Max(share, (double)amount.In(d) / Total.In(d));
            }

            return share;
        }
    }
}
