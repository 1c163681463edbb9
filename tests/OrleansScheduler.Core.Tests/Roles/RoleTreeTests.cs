namespace OrleansScheduler.Core.Tests;

public sealed class RoleTreeTests
{
    private readonly RoleTree _tree = new() { Total = Amount(100, 1000) };

    [Theory]
    [InlineData("a", true)]
    [InlineData("*", true)]
    [InlineData("a/b/c", true)]
    [InlineData("a.b/c-d/_", true)]
    [InlineData("", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a//b", false)]
    [InlineData("a/.", false)]
    [InlineData("..", false)]
    [InlineData("a/*", false)]
    [InlineData("-x", false)]
    [InlineData("a/-x", false)]
    [InlineData("a b", false)]
    [InlineData("a\tb", false)]
    [InlineData("a\u007f", false)]
    public void A_path_is_valid_by_the_rules_of_Mesos(string path, bool valid)
    {
        Assert.Equal(valid, RolePath.IsValid(path));
        Assert.Equal(valid, _tree.GetOrAdd(path) > 0);
    }

    [Theory]
    [InlineData("web", "web")]
    [InlineData("eng.web", "eng/web")]
    [InlineData("a..b", "a..b")]
    [InlineData("a.-b", "a.-b")]
    [InlineData("-x.y", "~-x.y")]
    public void The_dots_of_a_jobs_role_are_levels_where_that_makes_a_path(string role, string path)
    {
        Assert.Equal(path, RolePath.OfJobRole(role));
        Assert.True(RolePath.IsValid(path));
    }

    [Fact]
    public void A_role_is_found_with_all_above_it()
    {
        var role = _tree.GetOrAdd("a/b/c");
        Assert.Equal("a/b", _tree.PathOf(_tree.ParentOf(role)));
        Assert.Equal(_tree.Find("a"), _tree.ParentOf(_tree.ParentOf(role)));
        Assert.Equal((0, -1, -1), (_tree.ParentOf(_tree.Find("a")), _tree.ParentOf(0), _tree.Find("b")));
        Assert.True(_tree.IsSelfOrDescendant(role, _tree.Find("a")));
        Assert.False(_tree.IsSelfOrDescendant(_tree.Find("a"), role));
        Assert.True(RolePath.IsSelfOrDescendant("a/b", "a") && !RolePath.IsSelfOrDescendant("ab", "a"));
    }

    [Fact]
    public void Whoever_has_the_smaller_share_is_first_then_who_was_given_less_often_then_the_name()
    {
        var (a, b) = (Active("a"), Active("b"));
        Assert.Equal(a, _tree.First());
        _tree.Charge(a, Amount(1, 0), Amount(1, 0), 1);
        Assert.Equal(b, _tree.First());
        _tree.Charge(b, Amount(0, 10), Amount(0, 10), 2);
        Assert.Equal(_tree.ShareOf(a), _tree.ShareOf(b));
        Assert.Equal(a, _tree.First());
        _tree.SetWeight(b, 2);
        Assert.Equal(b, _tree.First());
    }

    [Fact]
    public void A_role_competes_with_its_children_by_what_it_alone_holds()
    {
        var (a, b) = (Active("a"), Active("a/b"));
        _tree.Charge(b, Amount(1, 0), Amount(1, 0), 1);
        Assert.Equal(a, _tree.First());
        _tree.Charge(a, Amount(2, 0), Amount(2, 0), 1);
        Assert.Equal(b, _tree.First());
        _tree.Skip(b);
        Assert.Equal(a, _tree.First());
        _tree.Skip(a);
        Assert.Equal(-1, _tree.First());
        _tree.ResetSkips();
        Assert.Equal(b, _tree.First());
        _tree.SetActive(b, false);
        Assert.Equal(a, _tree.First());
    }

    [Fact]
    public void The_limit_of_a_role_above_blocks_too()
    {
        var (a, b) = (_tree.GetOrAdd("a"), _tree.GetOrAdd("a/b"));
        _tree.SetQuota(a, new Quota { Limit = new(10, null, null, null) });
        _tree.Charge(_tree.GetOrAdd("a/c"), Amount(4, 0), Amount(4, 0), 1);
        Assert.True(_tree.Admit(b, Amount(6, 900)).IsAllowed);
        Assert.Equal(new(AdmissionKind.Limit, a, Dimension.Cpu, 7, 6), _tree.Admit(b, Amount(7, 900)));
        Assert.Equal(Amount(6, 900), _tree.AllowanceOf(b, Amount(7, 900)));
    }

    [Fact]
    public void Reservations_count_against_the_limit_whether_in_use_or_not()
    {
        var a = _tree.GetOrAdd("a");
        _tree.SetQuota(a, new Quota { Limit = new(10, null, null, null) });
        _tree.Reserve(a, Amount(8, 0));
        _tree.Charge(a, Amount(8, 0), Amount(0, 0), 1);
        Assert.Equal(Amount(8, 0), _tree.ConsumedBy(a));
        Assert.Equal(AdmissionKind.Limit, _tree.Admit(a, Amount(3, 0)).Kind);
        _tree.Discharge(a, Amount(8, 0), Amount(0, 0), 1);
        _tree.Unreserve(a, Amount(8, 0));
        Assert.True(_tree.Admit(a, Amount(10, 0)).IsAllowed);
    }

    [Fact]
    public void What_is_guaranteed_to_one_role_is_kept_from_the_others()
    {
        var (a, b) = (_tree.GetOrAdd("a"), _tree.GetOrAdd("b"));
        _tree.SetQuota(a, new Quota { Guarantee = Amount(60, 0) });
        Assert.True(_tree.Admit(b, Amount(40, 1000)).IsAllowed);
        Assert.Equal(new(AdmissionKind.Headroom, 0, Dimension.Cpu, 41, 40), _tree.Admit(b, Amount(41, 1000)));
        Assert.True(_tree.Admit(a, Amount(100, 0)).IsAllowed);
        _tree.Charge(b, Amount(40, 0), Amount(40, 0), 1);
        Assert.True(_tree.Admit(a, Amount(60, 0)).IsAllowed);
    }

    [Fact]
    public void A_guarantee_of_a_child_holds_against_its_siblings_within_what_is_guaranteed_to_their_parent()
    {
        var (b, c) = (_tree.GetOrAdd("a/b"), _tree.GetOrAdd("a/c"));
        _tree.SetQuota(_tree.Find("a"), new Quota { Guarantee = Amount(100, 0) });
        _tree.SetQuota(b, new Quota { Guarantee = Amount(30, 0) });
        Assert.Equal(Amount(100, 0), _tree.RequiredHeadroom);
        Assert.Equal((AdmissionKind.Headroom, 70), (_tree.Admit(c, Amount(71, 0)).Kind, _tree.Admit(c, Amount(71, 0)).Have));
        _tree.Charge(c, Amount(70, 0), Amount(70, 0), 1);
        Assert.Equal(Amount(30, 0), _tree.RequiredHeadroom);
        Assert.True(_tree.Admit(b, Amount(30, 0)).IsAllowed);
    }

    [Fact]
    public void A_guarantee_of_a_child_holds_against_its_siblings_within_the_limit_of_their_parent()
    {
        var (b, c) = (_tree.GetOrAdd("a/b"), _tree.GetOrAdd("a/c"));
        _tree.SetQuota(_tree.Find("a"), new Quota { Limit = new(40, null, null, null) });
        _tree.SetQuota(b, new Quota { Guarantee = Amount(30, 0) });
        Assert.Equal(new(AdmissionKind.Headroom, _tree.Find("a"), Dimension.Cpu, 11, 10), _tree.Admit(c, Amount(11, 0)));
        Assert.True(_tree.Admit(c, Amount(10, 0)).IsAllowed);
    }

    [Fact]
    public void Where_more_is_guaranteed_than_there_is_those_with_guarantees_may_use_theirs_and_others_get_nothing()
    {
        var (a, b, c) = (_tree.GetOrAdd("a"), _tree.GetOrAdd("b"), _tree.GetOrAdd("c"));
        Assert.Equal("quota-guarantees-above-capacity", Assert.Single(_tree.CheckQuotas(
            [(a, new Quota { Guarantee = Amount(80, 0) }), (b, new Quota { Guarantee = Amount(80, 0) })])).Code);
        _tree.SetQuota(a, new Quota { Guarantee = Amount(80, 0) });
        _tree.SetQuota(b, new Quota { Guarantee = Amount(80, 0) });
        Assert.Equal(AdmissionKind.Headroom, _tree.Admit(c, Amount(1, 0)).Kind);
        Assert.True(_tree.Admit(a, Amount(80, 0)).IsAllowed);
        Assert.Equal(80, _tree.Admit(a, Amount(81, 0)).Have);
    }

    [Fact]
    public void Without_quotas_a_cell_that_shrank_below_what_it_runs_blocks_nobody()
    {
        var a = _tree.GetOrAdd("a");
        _tree.Charge(a, Amount(90, 0), Amount(90, 0), 1);
        _tree.Total = Amount(10, 10);
        Assert.True(_tree.Admit(a, Amount(1, 1)).IsAllowed);
    }

    [Fact]
    public void Numbers_that_make_no_sense_are_named()
    {
        var a = _tree.GetOrAdd("a");
        Assert.Equal("quota-negative", new Quota { Guarantee = Amount(-1, 0) }.Check()?.Code);
        Assert.Equal("quota-negative", new Quota { Limit = new(null, -1, null, null) }.Check()?.Code);
        Assert.Equal("quota-guarantee-above-limit", new Quota { Guarantee = Amount(2, 0), Limit = new(1, null, null, null) }.Check()?.Code);
        Assert.Equal("quota-too-large", new Quota { Guarantee = Amount(long.MaxValue, 0) }.Check()?.Code);
        Assert.Equal("weight-not-positive", RoleTree.CheckWeight(0)?.Code);
        Assert.Equal("weight-not-positive", RoleTree.CheckWeight(double.NaN)?.Code);
        Assert.Equal("role-not-found", Assert.Single(_tree.CheckQuotas([(99, null)])).Code);
        Assert.Equal(AdmissionKind.UnknownRole, _tree.Admit(99, Amount(1, 0)).Kind);
        Assert.True(_tree.Admit(a, Amount(-1, 0)).IsAllowed);
        Assert.Throws<InvariantException>(() => _tree.Charge(a, Amount(-1, 0), Amount(0, 0), 1));
        Assert.Throws<InvariantException>(() => _tree.Discharge(a, Amount(1, 0), Amount(0, 0), 0));
        Assert.Throws<InvariantException>(() => _tree.Unreserve(a, Amount(1, 0)));
    }

    [Fact]
    public void A_limit_below_use_is_a_conflict_that_can_be_insisted_on()
    {
        var a = _tree.GetOrAdd("a");
        _tree.Charge(a, Amount(5, 0), Amount(5, 0), 1);
        var quota = new Quota { Limit = new(3, null, null, null) };
        var problem = Assert.Single(_tree.CheckQuotas([(a, quota)]));
        Assert.Equal(("quota-below-use", ProblemKind.Conflict), (problem.Code, problem.Kind));
        _tree.SetQuota(a, quota);
        Assert.Equal(new(AdmissionKind.Limit, a, Dimension.Cpu, 1, 0), _tree.Admit(a, Amount(1, 0)));
        Assert.True(_tree.Admit(a, Amount(0, 1)).IsAllowed);
    }

    private static Resources Amount(long cpu, long memory) => new(cpu, memory, 0, 0);

    private int Active(string path)
    {
        var role = _tree.GetOrAdd(path);
        _tree.SetActive(role, true);
        return role;
    }
}
