namespace OrleansScheduler.Core.Tests;

/// <summary>Mesos' own allocator tests (hierarchical_allocator_tests.cpp), by the numbers of mesos.md section 6.</summary>
public sealed class MesosAllocatorTests
{
    private readonly OfferCell _cell = new();

    [Fact]
    public void Mesos_69_unreserved_capacity_goes_to_the_role_and_then_the_framework_with_the_smaller_share()
    {
        _cell.Framework("F1", "role1");
        _cell.Node("A1", 2, 1024);
        Assert.Equal(["F1 role1 A1 2/1024"], _cell.Round());
        _cell.Framework("F2", "role2");
        Assert.Empty(_cell.Round());
        _cell.Node("A2", 1, 512);
        Assert.Equal(["F2 role2 A2 1/512"], _cell.Round());
        _cell.Node("A3", 3, 2048);
        Assert.Equal(["F2 role2 A3 3/2048"], _cell.Round());
        _cell.Framework("F3", "role1");
        Assert.Empty(_cell.Round());
        _cell.Node("A4", 4, 4096);
        Assert.Equal(["F3 role1 A4 4/4096"], _cell.Round());
        _cell.Framework("F4", "role1");
        _cell.Node("A5", 1, 512);
        Assert.Equal(["F2 role2 A5 1/512"], _cell.Round());
    }

    [Fact]
    public void Mesos_70_shares_count_at_every_level_of_nested_roles()
    {
        _cell.Framework("F1", "a/b");
        _cell.Node("A1", 2, 1024);
        Assert.Equal(["F1 a/b A1 2/1024"], _cell.Round());
        _cell.Framework("F2", "a/c");
        _cell.Framework("F3", "d/e");
        _cell.Node("A2", 1, 512);
        Assert.Equal(["F3 d/e A2 1/512"], _cell.Round());
        _cell.Framework("F4", "d/f");
        _cell.Node("A3", 2, 1024);
        Assert.Equal(["F4 d/f A3 2/1024"], _cell.Round());
    }

    [Theory]
    [InlineData(1, 2, 2, 4)]
    [InlineData(1, 1, 3, 3)]
    public void Mesos_71_weights_divide_shares(int weight1, int weight2, int nodes1, int nodes2)
    {
        _cell.Weight("role1", weight1);
        _cell.Weight("role2", weight2);
        _cell.Framework("F1", "role1");
        _cell.Framework("F2", "role2");
        for (var i = 0; i < 6; i++) _cell.Node($"A{i}", 2, 1024);
        var offers = _cell.Round();
        Assert.Equal((nodes1, nodes2), (offers.Count(o => o.StartsWith("F1")), offers.Count(o => o.StartsWith("F2"))));
    }

    [Fact]
    public void Mesos_72_of_equal_shares_whoever_was_offered_less_often_is_next()
    {
        _cell.Framework("F1", "*");
        _cell.Framework("F2", "*");
        _cell.Node("A1", 2, 1024);
        var count = new Dictionary<string, int> { ["F1"] = 0, ["F2"] = 0 };
        for (var i = 0; i < 10; i++)
        {
            var offer = Assert.Single(_cell.Offers());
            count[offer.Framework]++;
            _cell.Decline(offer, seconds: 0);
        }

        Assert.Equal((5, 5), (count["F1"], count["F2"]));
    }

    [Fact]
    public void Mesos_73_a_whole_node_goes_to_one_framework()
    {
        _cell.Framework("F1", "role1");
        _cell.Framework("F2", "role2");
        _cell.Node("A1", 2, 1024);
        _cell.Node("A2", 2, 1024);
        var offers = _cell.Offers();
        Assert.Equal(["F1", "F2"], offers.Select(o => o.Framework).Order());
        Assert.Equal(["A1", "A2"], offers.Select(o => o.Node).Order());
    }

    [Fact]
    public void Mesos_74_a_filter_shorter_than_the_interval_holds_for_the_next_round()
    {
        var cell = new OfferCell(new OfferOptions { Interval = TimeSpan.FromSeconds(2) });
        cell.Framework("F1", "role1");
        cell.Node("A1", 2, 1024);
        cell.Decline(Assert.Single(cell.Offers()), seconds: 1);
        cell.Framework("F2", "role2");
        cell.Pass(0);
        cell.Decline(Assert.Single(cell.Offers(), o => o.Framework == "F2"), seconds: 3600);
        cell.Pass(2);
        Assert.Empty(cell.Round());
        cell.Pass(2);
        Assert.Equal(["F1 role1 A1 2/1024"], cell.Round());
    }

    [Fact]
    public void Mesos_75_what_is_guaranteed_to_a_role_is_not_given_to_others_while_it_declines()
    {
        _cell.Quota("quota", guarantee: (2, 1024), limit: (2, 1024));
        _cell.Framework("Q", "quota");
        _cell.Framework("O", "other");
        _cell.Node("A1", 1, 512);
        _cell.Node("A2", 1, 512);
        var offers = _cell.Offers();
        Assert.Equal(["Q", "Q"], offers.Select(o => o.Framework));
        _cell.Decline(offers[0], seconds: 2);
        _cell.Pass(1);
        Assert.Empty(_cell.Round());
        _cell.Pass(1);
        Assert.Empty(_cell.Round());
        _cell.Pass(1);
        Assert.Equal([$"Q quota {offers[0].Node} 1/512"], _cell.Round());
    }

    [Fact]
    public void Mesos_76_a_limit_of_zero_gets_nothing_and_a_limit_of_half_a_node_gets_half()
    {
        _cell.Quota("none", limit: (0, 0));
        _cell.Quota("half", limit: (1, 512));
        _cell.Framework("N", "none");
        _cell.Node("A1", 2, 1024);
        Assert.Empty(_cell.Round());
        _cell.Framework("H", "half");
        Assert.Equal(["H half A1 1/512"], _cell.Round());
        _cell.Framework("O", "other");
        Assert.Equal(["O other A1 1/512"], _cell.Round());
    }

    [Fact]
    public void Mesos_77_an_offer_for_a_guarantee_is_exactly_what_is_guaranteed_and_the_rest_goes_to_another_role()
    {
        _cell.Quota("quota", guarantee: (0.5, 200), limit: (0.5, 200));
        _cell.Framework("Q", "quota");
        _cell.Framework("O", "other");
        _cell.Node("A1", 1, 512);
        Assert.Equal(["Q quota A1 0.5/200", "O other A1 0.5/312"], _cell.Round());
    }

    [Fact]
    public void Mesos_78_the_guarantee_of_a_role_without_frameworks_is_kept_from_others_and_other_guarantees_are_served()
    {
        _cell.Quota("absent", guarantee: (2, 1024));
        _cell.Quota("quota", guarantee: (1, 512), limit: (1, 512));
        _cell.Framework("Q", "quota");
        _cell.Framework("O", "other");
        _cell.Node("A1", 1, 512);
        _cell.Node("A2", 1, 512);
        Assert.Equal("Q", Assert.Single(_cell.Offers()).Framework);
        _cell.Node("A3", 1, 512);
        Assert.Empty(_cell.Round());
        _cell.Node("A4", 1, 512);
        Assert.Equal("O", Assert.Single(_cell.Offers()).Framework);
    }

    [Fact]
    public void Mesos_79_reservations_count_against_quota_also_when_nobody_uses_them()
    {
        _cell.Quota("quota", guarantee: (1, 512), limit: (1, 512));
        _cell.Node("A1", 1, 512);
        _cell.Reserve("A1", "quota", 1, 512);
        _cell.Framework("O", "other");
        _cell.Node("A2", 1, 512);
        Assert.Equal(["O other A2 1/512"], _cell.Round());
        _cell.Framework("Q", "quota");
        _cell.Node("A3", 1, 512);
        Assert.Equal(["O other A3 1/512", "Q quota A1 1/512"], _cell.Round().Order());
    }

    [Fact]
    public void Mesos_79_reservations_of_others_are_no_headroom_and_a_role_without_quota_gets_its_own()
    {
        _cell.Quota("quota", guarantee: (2, 1024));
        _cell.Node("A1", 1, 512);
        _cell.Reserve("A1", "other", 1, 512);
        _cell.Node("A2", 1, 512);
        _cell.Framework("O", "other");
        Assert.Equal(["O other A1 1/512"], _cell.Round());
        _cell.Framework("P", "third");
        Assert.Empty(_cell.Round());
        _cell.Framework("Q", "quota");
        Assert.Equal(["Q quota A2 1/512"], _cell.Round());
    }

    [Fact]
    public void Mesos_80_a_mounted_disk_is_given_whole_or_not_at_all_under_quota()
    {
        _cell.Framework("Q", "quota");
        _cell.Quota("quota", guarantee: (1, 512, 50), limit: (1, 512, 50));
        _cell.Node("A1", 1, 512, disk: 100);
        _cell.Mount("A1", 100);
        Assert.Equal(["Q quota A1 1/512"], _cell.Round());
        _cell.Quota("quota", guarantee: (2, 1024, 100), limit: (2, 1024, 100));
        _cell.Node("A2", 1, 512, disk: 100);
        _cell.Mount("A2", 100);
        Assert.Contains("Q quota A2 1/512/100", _cell.Round());
    }

    [Fact]
    public void Mesos_81_what_needs_a_capability_is_offered_only_with_it()
    {
        var cell = new OfferCell(new OfferOptions { Region = "here" });
        cell.Framework("F", "a/b");
        cell.Node("gpu", 1, 512, gpu: 1);
        cell.Node("far", 1, 512, region: "there");
        cell.Node("near", 1, 512, revocable: 4);
        cell.Node("refined", 1, 512);
        cell.Refine("refined", "a", "a/b", 1, 512);
        cell.Node("shared", 1, 512, disk: 10);
        cell.Share("shared", "a/b", 10);
        Assert.Equal(["F a/b near 1/512", "F a/b shared 1/512"], cell.Round().Order());
        cell.Framework("F", "a/b", FrameworkCapabilities.GpuResources | FrameworkCapabilities.RegionAware
            | FrameworkCapabilities.RevocableResources | FrameworkCapabilities.ReservationRefinement
            | FrameworkCapabilities.SharedResources);
        cell.Node("volume", 1, 512, disk: 10);
        cell.Share("volume", "a/b", 10);
        Assert.Equal(
            ["F a/b far 1/512", "F a/b gpu 1/512/0/1", "F a/b near 4/0", "F a/b refined 1/512", "F a/b volume 1/512/10"],
            cell.Round().Order());
    }

    [Fact]
    public void Mesos_81_a_shared_volume_in_use_is_offered_to_one_framework_a_round()
    {
        _cell.Framework("F1", "a", FrameworkCapabilities.SharedResources, smallest: []);
        _cell.Framework("F2", "a", FrameworkCapabilities.SharedResources, smallest: []);
        _cell.Node("A1", 1, 512, disk: 10);
        _cell.Share("A1", "a", 10);
        var first = Assert.Single(_cell.Offers());
        Assert.Equal(10, first.Amount.DiskMiB);
        _cell.Accept(first, first.Parts);
        Assert.Equal("F2 a A1 0/0/10", Assert.Single(_cell.Round()));
    }

    [Fact]
    public void Mesos_82_too_little_is_not_offered_unless_the_framework_says_otherwise()
    {
        _cell.Framework("F1", "r1");
        _cell.Node("A1", 0.005, 16);
        Assert.Empty(_cell.Round());
        _cell.Framework("F2", "r2", smallest: [OfferCell.Amount(0.005, 0)]);
        Assert.Equal(["F2 r2 A1 0.005/16"], _cell.Round());
        _cell.Node("A2", 0.001, 1);
        Assert.Empty(_cell.Round());
        _cell.Framework("F3", "r3", smallest: []);
        Assert.Equal(["F3 r3 A2 0.001/1"], _cell.Round());
        _cell.Framework("F4", "r4", smallest: [OfferCell.Amount(100, 0)]);
        _cell.Quota("r3", limit: (0, 0));
        _cell.Node("A3", 99, 512);
        Assert.DoesNotContain(_cell.Offers(), o => o.Framework == "F4");
    }

    [Fact]
    public void Mesos_83_a_parents_reservation_is_offered_to_children_and_not_the_other_way()
    {
        _cell.Node("A1", 1, 512);
        _cell.Reserve("A1", "a", 1, 512);
        _cell.Node("A2", 1, 512);
        _cell.Reserve("A2", "a/b/c", 1, 512);
        _cell.Framework("F", "a/b");
        Assert.Equal(["F a/b A1 1/512"], _cell.Round());
    }

    [Fact]
    public void Mesos_84_a_framework_that_may_not_have_a_node_does_not_keep_it_from_others()
    {
        _cell.Framework("F1", "a");
        _cell.Framework("F2", "b", FrameworkCapabilities.GpuResources);
        _cell.Node("A1", 1, 512, gpu: 1);
        Assert.Equal(["F2 b A1 1/512/0/1"], _cell.Round());
    }
}
