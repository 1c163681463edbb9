using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>However wide the search looks, and whatever it remembers, the answer is that of looking at one node after the other.</summary>
public sealed class NodeSearchTests
{
    private static readonly VectorWidth[] Widths = [VectorWidth.Scalar, VectorWidth.Eight, VectorWidth.Sixteen];

    [Fact]
    public void All_widths_and_the_index_find_the_node_that_looking_at_each_finds() =>
        Gen.Int.Sample(seed =>
        {
            var random = new Random(seed);
            var table = new NodeTable();
            var allowed = new NodeMask();
            var shape = Shapes[random.Next(Shapes.Length)];
            for (var i = random.Next(1, 250); i > 0; i--) Fill(table, table.Add(), random);
            for (var i = 0; i < table.Count; i++) allowed[i] = random.Next(4) > 0;
            var indexes = Array.ConvertAll(Widths, width => new ShapeIndex(table, shape, allowed, width));
            for (var step = 0; step < 12; step++)
            {
                // Sometimes few changes between two searches and sometimes many, so that the index both remembers and starts again.
                for (var i = random.Next(3) == 0 ? table.Count : random.Next(4); i > 0; i--) Fill(table, random.Next(table.Count), random);
                if (random.Next(4) == 0)
                {
                    var node = random.Next(table.Count);
                    allowed[node] = !allowed[node];
                    table.Touch(node);
                }

                if (random.Next(8) == 0) Fill(table, table.Add(), random);
                if (random.Next(10) == 0) allowed.Copy(Some(table.Count, random));
                var expected = Best(table, shape, allowed);
                for (var i = 0; i < Widths.Length; i++)
                {
                    allowed.Resize(table.Count);
                    Assert.Equal(expected, NodeScan.Best(table, shape, allowed.Bits, Widths[i]));
                    Assert.Equal(expected, indexes[i].Pick(random.Next(1, 6)));
                    Assert.Equal(expected, indexes[i].Pick(allowed));
                }
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
                var plan = first.Ledger.Plan(first.Now, first.Random.Next(1, 40));
                for (var i = 1; i < worlds.Length; i++)
                {
                    worlds[i].Catch(first);
                    var other = worlds[i].Ledger.Plan(first.Now, plan.HasMore ? plan.Placed : int.MaxValue);
                    Assert.Equal(Text(plan), Text(other));
                }
            }
        }, iter: 1000);

    private static readonly Shape[] Shapes =
    [
        new(1000, 256, 0, 0, 0, 0), new(1, 0, 0, 0, 0, 0), new(3000, 1024, 512, 0, 0, 2), new(500, 128, 0, 2, 0, 0), new(500, 128, 0, 0, 250, 1),
    ];

    private static NodeMask Some(int count, Random random)
    {
        var mask = new NodeMask();
        for (var i = 0; i < count; i++) mask[i] = random.Next(3) > 0;
        return mask;
    }

    private static void Fill(NodeTable table, int node, Random random)
    {
        table.Cpu[node] = random.Next(-1, 5) * 1000;
        table.Memory[node] = random.Next(5) * 512;
        table.Disk[node] = random.Next(3) * 512;
        table.Whole[node] = random.Next(4);
        table.Share[node] = random.Next(3) * 250;
        table.Ports[node] = random.Next(5);
        foreach (var keys in table.Keys) keys[node] = random.Next(-20, 20);
        table.Touch(node);
    }

    private static int Best(NodeTable table, Shape shape, NodeMask allowed)
    {
        var best = -1;
        var keys = table.Keys[(int)shape.Kind];
        for (var i = 0; i < table.Count; i++)
        {
            var fits = table.Cpu[i] >= shape.Cpu && table.Memory[i] >= shape.Memory && table.Disk[i] >= shape.Disk
                && table.Whole[i] >= shape.Whole && table.Share[i] >= shape.Share && table.Ports[i] >= shape.Ports;
            if (allowed[i] && fits && (best < 0 || keys[i] < keys[best])) best = i;
        }

        return best;
    }

    private static string Text(LedgerPlan plan) => string.Join('\n', plan.Placements()
        .Select(p => $"{p.Job}/{p.Placement.Attempt} {p.Placement.Node} {string.Join(',', p.Placement.Ports)} {string.Join(',', p.Placement.Devices)}"
            + $" {string.Join(',', p.Placement.Items)}")
        .Concat(plan.Preemptions.Select(p => $"{p.Job}/{p.Attempt} promised {p.Node} for {string.Join(',', p.Victims)}"))
        .Concat(plan.Broken.Select(b => $"{b.Job}/{b.Attempt} broken")));
}
