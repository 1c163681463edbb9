using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class NodeAmountsTests
{
    private readonly RoleTree _roles = new();
    private readonly NodeAmounts _node = new();

    public NodeAmountsTests() => _node.SetCapacity(Amount(10, 100));

    [Fact]
    public void The_deepest_reservation_is_used_first_and_what_is_unreserved_last()
    {
        var (a, b) = (_roles.GetOrAdd("a"), _roles.GetOrAdd("a/b"));
        var above = Reserve(a, Amount(3, 0));
        var below = Reserve(b, Amount(2, 0));
        Assert.True(_node.TryTake(_roles, b, Amount(6, 10), revocable: false, out var taken));
        Assert.Equal(new(Amount(1, 10), default, [new(below, Amount(2, 0)), new(above, Amount(3, 0))]), taken);
        Assert.Equal(Amount(4, 90), _node.Free);
        _node.Return(taken);
        Assert.Equal((Amount(5, 100), Amount(5, 0)), (_node.Free, _node.Reserved));
    }

    [Fact]
    public void A_role_gets_nothing_from_reservations_below_or_beside_it()
    {
        Reserve(_roles.GetOrAdd("a/b"), Amount(8, 0));
        Assert.False(_node.TryTake(_roles, _roles.GetOrAdd("a"), Amount(3, 0), revocable: false, out _));
        Assert.False(_node.TryTake(_roles, _roles.GetOrAdd("c"), Amount(3, 0), revocable: false, out _));
        Assert.True(_node.TryTake(_roles, _roles.GetOrAdd("a/b/c"), Amount(10, 0), revocable: false, out _));
    }

    [Fact]
    public void A_node_that_shrank_below_what_it_runs_gives_nothing_and_gets_everything_back()
    {
        Assert.True(_node.TryTake(_roles, 0, Amount(8, 10), revocable: false, out var taken));
        _node.SetCapacity(Amount(5, 100));
        Assert.Equal(Amount(-3, 90), _node.Free);
        Assert.False(_node.TryTake(_roles, 0, Amount(1, 0), revocable: false, out _));
        Assert.False(_node.TryTake(_roles, 0, Amount(-1, 0), revocable: false, out _));
        _node.Return(taken);
        Assert.Equal(Amount(5, 100), _node.Free);
    }

    [Fact]
    public void Revocable_requests_take_revocable_cores_and_other_dimensions_where_the_node_lends_them()
    {
        Assert.False(_node.TryTake(_roles, 0, Amount(1, 1), revocable: true, out _));
        _node.SetCapacity(Amount(10, 100), revocable: Amount(4, 0));
        Assert.True(_node.TryTake(_roles, 0, Amount(4, 20), revocable: true, out var taken));
        Assert.Equal(new(Amount(0, 20), Amount(4, 0), []), taken);
        Assert.False(_node.TryTake(_roles, 0, Amount(1, 0), revocable: true, out _));
        _node.SetCapacity(Amount(10, 100));
        Assert.Equal(Amount(-4, 0), _node.RevocableFree);
        _node.Return(taken);
        Assert.Equal(default, _node.RevocableFree);
    }

    [Fact]
    public void An_indivisible_pool_is_given_as_a_whole()
    {
        var a = _roles.GetOrAdd("a");
        var pool = Reserve(a, Amount(0, 50), PoolTraits.Indivisible);
        Assert.True(_node.TryTake(_roles, a, Amount(0, 40), revocable: false, out var part));
        Assert.Equal(new(Amount(0, 40), default, []), part);
        Assert.False(_node.TryTake(_roles, a, Amount(0, 11), revocable: false, out _));
        Assert.True(_node.TryTake(_roles, a, Amount(0, 55), revocable: false, out var whole));
        Assert.Equal(Amount(0, 50), whole.Of(pool));
    }

    [Fact]
    public void A_shared_pool_is_used_by_many_and_free_when_the_last_is_gone()
    {
        var pool = Reserve(_roles.GetOrAdd("a"), Amount(0, 50), PoolTraits.Shared);
        var all = new Taken(default, default, [new(pool, Amount(0, 50))]);
        Assert.True(_node.TryTake(all) && _node.TryTake(all));
        Assert.Equal("reservation-in-use", _node.Unreserve(_roles, pool, Amount(0, 50)).Problem?.Code);
        _node.Return(all);
        Assert.Equal(default, _node.FindPool(pool)!.Free);
        _node.Return(all);
        Assert.Equal(Amount(0, 50), _node.FindPool(pool)!.Free);
        Assert.Throws<InvariantException>(() => _node.Return(all));
    }

    [Fact]
    public void A_refined_reservation_is_cut_from_one_above_and_goes_back_to_it()
    {
        var (a, b) = (_roles.GetOrAdd("a"), _roles.GetOrAdd("a/b"));
        var above = Reserve(a, Amount(6, 0), PoolTraits.Static);
        Assert.Equal("reservation-not-refined", _node.Reserve(_roles, a, Amount(1, 0), refines: above).Problem?.Code);
        Assert.Equal("reservation-does-not-fit", _node.Reserve(_roles, b, Amount(7, 0), refines: above).Problem?.Code);
        Assert.Equal("reservation-not-found", _node.Reserve(_roles, b, Amount(1, 0), refines: 9).Problem?.Code);
        var below = _node.Reserve(_roles, b, Amount(6, 0), refines: above);
        Assert.Equal((2, Amount(0, 0)), (_node.Pools.Length, _node.FindPool(above)!.Capacity));
        Assert.Equal(a, _node.Unreserve(_roles, below.Value, Amount(6, 0)).Value);
        Assert.Equal("reservation-is-static", _node.Unreserve(_roles, above, Amount(6, 0)).Problem?.Code);
        Assert.Equal(-1, _node.Unreserve(_roles, above, Amount(6, 0), force: true).Value);
        Assert.Equal((0, Amount(10, 100)), (_node.Pools.Length, _node.Free));
    }

    [Fact]
    public void Reservations_that_make_no_sense_are_refused()
    {
        var a = _roles.GetOrAdd("a");
        Assert.Equal("reservation-without-role", _node.Reserve(_roles, 0, Amount(1, 0)).Problem?.Code);
        Assert.Equal("reservation-without-role", _node.Reserve(_roles, _roles.GetOrAdd("*"), Amount(1, 0)).Problem?.Code);
        Assert.Equal("reservation-without-role", _node.Reserve(_roles, 77, Amount(1, 0)).Problem?.Code);
        Assert.Equal("reservation-not-positive", _node.Reserve(_roles, a, Amount(0, 0)).Problem?.Code);
        Assert.Equal("reservation-not-positive", _node.Reserve(_roles, a, Amount(-1, 5)).Problem?.Code);
        Assert.Equal("reservation-does-not-fit", _node.Reserve(_roles, a, Amount(11, 0)).Problem?.Code);
        Assert.Equal("reservation-not-found", _node.Unreserve(_roles, 5, Amount(1, 0)).Problem?.Code);
        Assert.Equal("reservation-in-use", _node.Unreserve(_roles, Reserve(a, Amount(1, 0)), Amount(2, 0)).Problem?.Code);
    }

    [Fact]
    public void More_of_the_same_reservation_makes_it_larger_and_another_tag_makes_another()
    {
        var a = _roles.GetOrAdd("a");
        var first = Reserve(a, Amount(1, 0));
        Assert.Equal(first, Reserve(a, Amount(2, 0)));
        Assert.NotEqual(first, _node.Reserve(_roles, a, Amount(1, 0), tag: "volume").Value);
        Assert.Equal((2, Amount(4, 0)), (_node.Pools.Length, _node.Reserved));
    }

    [Fact]
    public void What_is_free_taken_and_reserved_is_always_what_the_node_has() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Long[0, 5], Gen.Long[0, 5]).Array[1, 60].Sample(steps =>
        {
            var roles = new RoleTree();
            int[] ids = [roles.GetOrAdd("a"), roles.GetOrAdd("a/b"), roles.GetOrAdd("c"), roles.GetOrAdd("a/b/d")];
            var node = new NodeAmounts();
            node.SetCapacity(Amount(12, 12));
            var held = new List<Taken>();
            foreach (var (kind, who, cpu, memory) in steps)
            {
                var (role, amount) = (ids[who], Amount(cpu, memory));
                switch (kind)
                {
                    case 0 or 1 when node.Fits(roles, role, amount, revocable: false):
                        Assert.True(node.TryTake(roles, role, amount, revocable: false, out var taken));
                        Assert.Equal(amount, taken.Sum);
                        held.Add(taken);
                        break;
                    case 2 when held.Count > 0:
                        node.Return(held[^1]);
                        held.RemoveAt(held.Count - 1);
                        break;
                    case 3:
                        var from = -1;
                        foreach (var pool in node.Pools)
                        {
                            if (pool.Role != role && roles.IsSelfOrDescendant(role, pool.Role)) from = pool.Id;
                        }

                        _ = node.Reserve(roles, role, amount, refines: from);
                        break;
                    case 4 when node.Pools.Length > 0:
                        var give = node.Pools[who % node.Pools.Length];
                        _ = node.Unreserve(roles, give.Id, Amounts.Min(amount, give.Free));
                        break;
                    default:
                        node.SetCapacity(Amount(12 + cpu, 12 - memory));
                        break;
                }

                var inUse = held.Aggregate(Resources.None, (sum, t) => sum + t.Sum);
                var freeInPools = Resources.None;
                foreach (var pool in node.Pools)
                {
                    freeInPools += pool.Free;
                    Assert.True(pool.Free.IsNonNegative && pool.Free.FitsInto(pool.Capacity));
                }

                Assert.Equal(node.Capacity, node.Free + freeInPools + inUse);
            }
        }, iter: 10_000);

    private static Resources Amount(long cpu, long memory) => new(cpu, memory, 0, 0);

    private int Reserve(int role, Resources amount, PoolTraits traits = PoolTraits.None)
    {
        var answer = _node.Reserve(_roles, role, amount, traits);
        Assert.Null(answer.Problem);
        return answer.Value;
    }
}
