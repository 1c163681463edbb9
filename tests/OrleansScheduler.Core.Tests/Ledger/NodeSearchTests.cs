using CsCheck;
using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>However wide the search looks, and whatever it remembers, the answer is that of looking at one node after the other.</summary>
public sealed class NodeSearchTests
{
    private static readonly VectorWidth[] Widths = [VectorWidth.Scalar, VectorWidth.Eight, VectorWidth.Sixteen];

    [Fact]
    public void All_widths_and_both_kinds_of_index_find_the_node_that_looking_at_each_finds() =>
        Gen.Int.Sample(seed =>
        {
            var random = new Random(seed);
            var scorer = new NodeScorer((PlacementPolicy)random.Next(3));
            var (table, shape) = (new NodeTable(scorer), Shapes[random.Next(Shapes.Length)]);
            var (nodes, allowed, own) = (new List<LedgerNode>(), new NodeMask(), new NodeMask());
            for (var i = random.Next(1, 250); i > 0; i--) Add();
            Weigh();
            var shared = Array.ConvertAll(Widths, width => new ShapeIndex(table, shape, width));
            var owned = Array.ConvertAll(Widths, width => new ShapeIndex(table, shape, width, own));
            for (var step = 0; step < 8; step++)
            {
                // Sometimes few changes between two searches and sometimes many, so that the index both remembers and starts again.
                for (var i = random.Next(3) == 0 ? nodes.Count : random.Next(4); i > 0; i--) Change(nodes[random.Next(nodes.Count)]);
                if (random.Next(8) == 0) Add();
                if (random.Next(4) == 0) Weigh();
                if (random.Next(4) == 0 && scorer.See(new(1000, 512, 0, 250 * random.Next(1, 5)), NoConstraints, 20)) table.Judge(nodes);
                if (random.Next(10) == 0) own.Copy(Some(nodes.Count, random));
                allowed.Copy(Some(nodes.Count, random));
                var (best, bestOwn) = (Best(table, shape, allowed), Best(table, shape, own));
                for (var i = 0; i < Widths.Length; i++)
                {
                    Assert.Equal(best, NodeScan.Best(table, shape, allowed.Bits, Widths[i]));
                    Assert.Equal(best, shared[i].Pick(allowed, random.Next(1, 6)));
                    Assert.Equal(best, shared[i].Scan(allowed));
                    Assert.Equal(bestOwn, owned[i].Pick(own, random.Next(1, 6)));
                }
            }

            void Add()
            {
                var node = new LedgerNode($"n{nodes.Count}", table.Add());
                nodes.Add(node);
                allowed.Resize(nodes.Count);
                own[node.Index] = random.Next(4) > 0;
                Change(node);
            }

            void Change(LedgerNode node)
            {
                var gpus = node.Index % 3 == 0 ? 4000 : 0;
                var description = Describe(node.Id, 1000 * random.Next(9), 512 * random.Next(9), 512 * random.Next(3), gpus,
                    random.Next(4));
                node.Change(new LedgerEvent.NodeChanged(description, 1, true, MaintenanceMode.None), []);
                var each = random.Next(5) * 250;
                if (gpus > 0 && node.Gpus.FreeOf(random.Next(4)) >= each) node.Gpus.Take([random.Next(4)], each);
                table.Set(node);
            }

            void Weigh()
            {
                var capacity = nodes.Aggregate(Resources.None, (sum, n) => sum + n.Description.Capacity);
                if (!scorer.Weigh(capacity, nodes.Count)) return;
                foreach (var node in nodes) table.Set(node);
                table.Judge(nodes);
            }
        }, iter: 10_000);

    [Fact]
    public void Histories_are_the_same_with_all_widths() =>
        Gen.Int.Sample(seed =>
        {
            var worlds = Array.ConvertAll(Widths, width => new LedgerWorld(seed, Features.All, new LedgerOptions
            {
                PreemptAfter = TimeSpan.FromSeconds(8),
                HoldAfter = TimeSpan.FromSeconds(12),
                Width = width,
            }));
            var first = worlds[0];
            first.AddNodes(first.Random.Next(1, 60));
            for (var round = 0; round < 6; round++)
            {
                first.Now = first.Now.AddSeconds(5);
                if (first.Chance(30)) first.ChangeRole();
                if (first.Chance(30)) first.ChangeNode();
                for (var i = first.Random.Next(6); i > 0; i--) first.Want(most: 12, largestCpu: 8000);
                for (var i = first.Random.Next(6); i > 0; i--) first.EndSomething();
                var most = first.Random.Next(1, 40);
                var plan = first.Ledger.Plan(first.Now, most);
                for (var i = 1; i < worlds.Length; i++)
                {
                    worlds[i].Catch(first);
                    var other = worlds[i].Ledger.Plan(first.Now, most);
                    Assert.Equal(Text(plan), Text(other));
                }
            }
        }, iter: 1000);

    private static readonly ConstraintSet NoConstraints = new([]);

    private static readonly Shape[] Shapes =
    [
        new(1000, 256, 0, 0, 0, 0), new(1, 0, 0, 0, 0, 0), new(3000, 1024, 512, 0, 0, 2), new(500, 128, 0, 2, 0, 0),
            new(500, 128, 0, 0, 250, 1),
        new(0, 0, 0, 0, 500, 0),
    ];

    private static NodeMask Some(int count, Random random)
    {
        var mask = new NodeMask();
        for (var i = 0; i < count; i++) mask[i] = random.Next(3) > 0;
        return mask;
    }

    private static int Best(NodeTable table, Shape shape, NodeMask allowed)
    {
        var (best, bestKey) = (-1, NodeScan.None);
        Span<int> keys = stackalloc int[NodeTable.BlockSize];
        for (var i = 0; i < table.Count; i++)
        {
            var fits = table.Cpu[i] >= shape.Cpu && table.Memory[i] >= shape.Memory && table.Disk[i] >= shape.Disk
                && table.Whole[i] >= shape.Whole && table.Share[i] >= shape.Share && table.Ports[i] >= shape.Ports;
            if (!allowed[i] || !fits) continue;
            var key = table.Key[i];
            if (!table.Scorer.IsByLane)
            {
                table.Scorer.Score(table, shape, i / NodeTable.BlockSize, 1u << (i % NodeTable.BlockSize), VectorWidth.Scalar, keys);
                key = keys[i % NodeTable.BlockSize];
            }

            if (best < 0 || key < bestKey) (best, bestKey) = (i, key);
        }

        return best;
    }

    private static string Text(LedgerPlan plan) => string.Join('\n', plan.Placements()
        .Select(p => $"{p.Job}/{p.Placement.Attempt} {p.Placement.Node} {string.Join(',', p.Placement.Ports)} "
            + $"{string.Join(',', p.Placement.Devices)}"
            + $" {string.Join(',', p.Placement.Items)}")
        .Concat(plan.Preemptions.Select(p => $"{p.Job}/{p.Attempt} promised {p.Node} for {string.Join(',', p.Victims)}"))
        .Concat(plan.Broken.Select(b => $"{b.Job}/{b.Attempt} broken")));
}
