namespace OrleansScheduler.Core.Tests;

public sealed class OfferBookTests
{
    private readonly OfferCell _cell = new();

    [Fact]
    public void An_offer_is_accepted_once_and_what_is_not_used_goes_back()
    {
        _cell.Framework("F", "a");
        _cell.Node("A", 4, 1024);
        var offer = Assert.Single(_cell.Offers());
        Assert.Equal(OfferCell.Amount(0, 0), _cell["A"].Free);
        var used = new Taken(OfferCell.Amount(1, 100), default, []);
        var accepted = _cell.Accept(offer, used);
        Assert.Equal(OfferCell.Amount(3, 924), accepted.Returned.Sum);
        Assert.Equal((OfferCell.Amount(3, 924), used.Sum), (_cell["A"].Free, _cell.Book.AllocatedTo("F", "a")));
        Assert.Equal("offer-not-out", _cell.Book.Accept("F", [offer.Id], used, TimeSpan.Zero, _cell.Now).Problem?.Code);
        Assert.Equal("offer-not-out", _cell.Book.Decline("F", [offer.Id], TimeSpan.Zero, _cell.Now)?.Code);
        Assert.Equal(["F a A 3/924"], _cell.Round());
        Assert.Null(_cell.Book.Release("F", "a", "A", used));
        Assert.Equal("release-exceeds-holding", _cell.Book.Release("F", "a", "A", _cell.Book.Offers[0].Parts.With(used))?.Code);
        Assert.Equal(OfferCell.Amount(1, 100), _cell["A"].Free);
    }

    [Fact]
    public void Offers_that_do_not_belong_together_are_refused_and_go_back_without_a_filter()
    {
        _cell.Framework("F", "a");
        _cell.Framework("G", "b");
        for (var i = 0; i < 4; i++) _cell.Node($"A{i}", 1, 100);
        var offers = _cell.Offers();
        var mine = offers.Where(o => o.Framework == "F").ToArray();
        var others = offers.First(o => o.Framework == "G");
        Assert.Equal("offers-differ", Accept("F", mine[0].Id, mine[1].Id));
        Assert.Equal(1 + 1, _cell.Book.Outstanding);
        Assert.Equal(0, _cell.Book.Filters);
        Assert.Equal("offer-not-out", Accept("F", others.Id));
        Assert.NotNull(_cell.Book.Find(others.Id));
        Assert.Equal("offer-twice", Accept("G", others.Id, others.Id));
        Assert.Equal("accept-without-offer", Accept("F"));
        Assert.Equal("framework-not-found", Accept("X", 1));
        Assert.Equal("framework-not-found", _cell.Book.Decline("X", [1], TimeSpan.Zero, _cell.Now)?.Code);

        string? Accept(string framework, params long[] ids) =>
            _cell.Book.Accept(framework, ids, default, TimeSpan.FromHours(1), _cell.Now).Problem?.Code;
    }

    [Fact]
    public void Using_more_than_was_offered_uses_nothing_and_filters_all()
    {
        _cell.Framework("F", "a");
        _cell.Node("A", 4, 1024);
        var offer = Assert.Single(_cell.Offers());
        var used = new Taken(OfferCell.Amount(5, 100), default, []);
        Assert.Equal("accept-exceeds-offer", _cell.Book.Accept("F", [offer.Id], used, TimeSpan.FromHours(1), _cell.Now).Problem?.Code);
        Assert.Equal((OfferCell.Amount(4, 1024), 1), (_cell["A"].Free, _cell.Book.Filters));
        Assert.Empty(_cell.Round());
    }

    [Fact]
    public void A_larger_offer_passes_a_filter_and_a_smaller_one_does_not()
    {
        _cell.Framework("F", "a");
        _cell.Node("A", 4, 1024);
        var busy = new Taken(OfferCell.Amount(2, 0), default, []);
        Assert.True(_cell["A"].TryTake(busy));
        _cell.Decline(Assert.Single(_cell.Offers()), seconds: 1000);
        Assert.Empty(_cell.Round());
        var more = new Taken(OfferCell.Amount(1, 0), default, []);
        Assert.True(_cell["A"].TryTake(more));
        Assert.Empty(_cell.Round());
        _cell["A"].Return(more);
        Assert.Empty(_cell.Round());
        _cell["A"].Return(busy);
        Assert.Equal(["F a A 4/1024"], _cell.Round());
    }

    [Fact]
    public void A_filter_that_covered_what_was_left_in_a_round_does_not_cover_what_comes_back_after_it()
    {
        _cell.Framework("F", "b");
        _cell.Node("A", 4, 1000);
        var busy = new Taken(OfferCell.Amount(3, 900), default, []);
        Assert.True(_cell["A"].TryTake(busy));
        _cell.Decline(Assert.Single(_cell.Offers()), seconds: 1000);
        _cell["A"].Return(busy);
        _cell.Framework("G", "a");
        Assert.Null(_cell.Book.SetDemand("G", "a", new(OfferCell.Amount(3, 900), 1)));
        _cell.Weight("a", 1000);
        var offer = Assert.Single(_cell.Offers());
        Assert.Equal(("G", OfferCell.Amount(3, 900)), (offer.Framework, offer.Amount));
        _cell.Decline(offer, seconds: 1000);
        Assert.Equal(["F b A 4/1000"], _cell.Round());
    }

    [Fact]
    public void Reviving_and_a_changed_node_end_filters_and_suppressing_keeps_offers_that_are_out()
    {
        _cell.Framework("F", "a");
        _cell.Node("A", 4, 1024);
        _cell.Decline(Assert.Single(_cell.Offers()), seconds: 1000);
        Assert.False(_cell.Book.WantsRound);
        Assert.Null(_cell.Book.Revive("F"));
        Assert.True(_cell.Book.WantsRound);
        _cell.Decline(Assert.Single(_cell.Offers()), seconds: 1000);
        _cell.Node("A", 4, 1024, rack: "r1");
        var offer = Assert.Single(_cell.Offers());
        Assert.Null(_cell.Book.Suppress("F", "a"));
        Assert.NotNull(_cell.Book.Find(offer.Id));
        _cell.Decline(offer, seconds: 0);
        Assert.Empty(_cell.Round());
        Assert.Equal("role-not-subscribed", _cell.Book.Revive("F", "a", "b")?.Code);
        Assert.Empty(_cell.Round());
        Assert.Null(_cell.Book.Revive("F", "a"));
        Assert.Single(_cell.Offers());
    }

    [Theory]
    [InlineData(null, 5)]
    [InlineData(-1.0, 5)]
    [InlineData(double.NaN, 5)]
    [InlineData(0.0, 0)]
    [InlineData(2.5, 2.5)]
    [InlineData(double.PositiveInfinity, 365 * 86400.0)]
    [InlineData(1e300, 365 * 86400.0)]
    public void Refusals_last_by_the_rules_of_Mesos(double? seconds, double expected) =>
        Assert.Equal(TimeSpan.FromSeconds(expected), Refusal.Of(seconds));

    [Fact]
    public void Offers_end_with_their_time_their_node_their_role_and_their_framework()
    {
        var cell = new OfferCell(new OfferOptions { Timeout = TimeSpan.FromSeconds(30) });
        cell.Framework("F", "a");
        cell.Node("A", 1, 100);
        var offer = Assert.Single(cell.Offers());
        cell.Pass(29);
        Assert.Empty(cell.Book.Expire(cell.Now));
        cell.Pass(1);
        Assert.Equal([offer], cell.Book.Expire(cell.Now));
        Assert.Single(cell.Offers());
        Assert.Single(cell.Book.PutNode("A", cell["A"], new OfferNodeFacts { TakesTasks = false }));
        Assert.Empty(cell.Offers());
        cell.Node("A", 1, 100);
        Assert.Single(cell.Offers());
        cell.Framework("F", "b");
        Assert.Equal(0, cell.Book.Outstanding);
        Assert.Single(cell.Offers());
        Assert.Single(cell.Book.Deactivate("F"));
        Assert.Empty(cell.Offers());
        cell.Framework("F", "b");
        Assert.Single(cell.Offers());
        Assert.Single(cell.Book.Remove("F"));
        Assert.Equal((0, OfferCell.Amount(1, 100), 0), (cell.Book.Outstanding, cell["A"].Free, cell.Roles.ShareOf(0)));
        cell.Framework("G", "b");
        Assert.Single(cell.Offers());
        Assert.Single(cell.Book.RemoveNode("A"));
        Assert.Empty(cell.Book.RemoveNode("A"));
    }

    [Fact]
    public void Constraints_choose_nodes_by_groups_of_which_one_must_hold()
    {
        _cell.Node("A1", 1, 100, rack: "r1");
        _cell.Node("A2", 1, 100, rack: "r2");
        _cell.Node("A3", 1, 100);
        Assert.Equal(["A2"], Of([[new("rack", AttributeTest.Equals, "r2")]]));
        Assert.Equal(["A1", "A3"], Of([[new("rack", AttributeTest.NotEquals, "r2")]]));
        Assert.Equal(["A1", "A2"], Of([[new("rack", AttributeTest.Matches, "r.")]]));
        Assert.Equal(["A1", "A2", "A3"], Of([[new("rack", AttributeTest.NotMatches, "r")]]));
        Assert.Equal(["A3"], Of([[new("rack", AttributeTest.NotExists)]]));
        Assert.Equal(["A2"], Of([[new("rack", AttributeTest.Exists), new(OfferNodeFacts.HostName, AttributeTest.Equals, "A2")]]));
        Assert.Equal(["A1", "A3"], Of([[new("rack", AttributeTest.Equals, "r1")], [new("rack", AttributeTest.NotExists)]]));

        IEnumerable<string> Of(ImmutableArray<ImmutableArray<AttributeConstraint>> groups)
        {
            var description = new FrameworkDescription { Id = "F", Roles = ["a"] };
            description = description with { Constraints = description.Constraints.Add("a", groups) };
            _cell.Book.Remove("F");
            Assert.Null(_cell.Book.Subscribe(description).Problem);
            return _cell.Offers().Select(o => o.Node).Order();
        }
    }

    [Fact]
    public void A_framework_that_says_what_it_needs_is_offered_that_and_the_rest_of_the_node_goes_to_others()
    {
        _cell.Framework("F", "a");
        _cell.Framework("G", "b");
        _cell.Node("A1", 4, 1000);
        Assert.Null(_cell.Book.SetDemand("F", "a", new(OfferCell.Amount(1, 100), 3)));
        Assert.Equal("demand-not-positive", _cell.Book.SetDemand("F", "a", new(default, 3))?.Code);
        Assert.Equal(["F a A1 3/300", "G b A1 1/700"], _cell.Round().Order());
        _cell.Node("A2", 4, 1000);
        Assert.Equal(["G b A2 4/1000"], _cell.Round());
    }

    [Fact]
    public void Lending_outside_of_rounds_is_of_a_part_or_of_the_whole_within_quotas()
    {
        _cell.Framework("F", "a");
        _cell.Node("A", 4, 1000);
        _cell.Quota("a", limit: (3, 900));
        Assert.Equal("offer-does-not-fit", Lend(OfferCell.Amount(3.5, 0)).Problem?.Code);
        Assert.Equal(OfferCell.Amount(1, 100), Lend(OfferCell.Amount(1, 100)).Value!.Amount);
        Assert.Equal(OfferCell.Amount(2, 800), Lend(null).Value!.Amount);
        Assert.Equal("offer-does-not-fit", Lend(null).Problem?.Code);
        Assert.Equal("offer-not-positive", Lend(OfferCell.Amount(-1, 0)).Problem?.Code);
        Assert.Equal("node-not-found", _cell.Book.Lend("X", "F", "a", null, null).Problem?.Code);
        Assert.Equal("framework-not-found", _cell.Book.Lend("A", "X", "a", null, null).Problem?.Code);
        Assert.Equal("role-not-subscribed", _cell.Book.Lend("A", "F", "b", null, null).Problem?.Code);

        Answer<Offer> Lend(Resources? request) => _cell.Book.Lend("A", "F", "a", request, until: null);
    }

    [Fact]
    public void Of_several_who_see_the_same_the_first_to_accept_gets_it_and_the_others_are_told()
    {
        var cell = new OfferCell(new OfferOptions { Viewers = 2 });
        foreach (var name in new[] { "F", "G", "H" }) cell.Framework(name, "a");
        cell.Node("A", 4, 1000);
        var offers = cell.Offers();
        Assert.Equal(["F", "G"], offers.Select(o => o.Framework));
        Assert.Equal(OfferCell.Amount(4, 1000), cell["A"].Free);
        var accepted = cell.Accept(offers[0], new Taken(OfferCell.Amount(1, 100), default, []));
        Assert.Equal([offers[1]], accepted.Rescinded);
        Assert.Equal("offer-not-out", cell.Book.Accept("G", [offers[1].Id], default, TimeSpan.Zero, cell.Now).Problem?.Code);
        var again = cell.Offers();
        Assert.Equal(["G", "H"], again.Select(o => o.Framework).Order());
        Assert.All(again, o => Assert.Equal(OfferCell.Amount(3, 900), o.Amount));
        Assert.True(cell["A"].TryTake(new Taken(OfferCell.Amount(1, 0), default, [])));
        Assert.Equal("offer-taken", cell.Book.Accept(
            again[0].Framework, [again[0].Id], again[0].Parts, TimeSpan.Zero, cell.Now).Problem?.Code);
        Assert.Equal([again[1]], cell.Book.RescindStale("A"));
        Assert.Equal(OfferCell.Amount(1, 100), cell.Roles.AllocatedTo(0));
    }

    [Fact]
    public void A_new_quota_takes_back_the_offers_that_stand_in_its_way()
    {
        _cell.Framework("F", "a");
        for (var i = 0; i < 4; i++) _cell.Node($"A{i}", 1, 100);
        Assert.Equal(4, _cell.Offers().Length);
        _cell.Quota("b", guarantee: (2, 200));
        Assert.Equal(2, _cell.Book.RescindForQuotas().Length);
        Assert.Empty(_cell.Round());
        _cell.Quota("a", limit: (1, 100));
        Assert.Single(_cell.Book.RescindForQuotas());
        Assert.Empty(_cell.Book.RescindForQuotas());
    }

    [Fact]
    public void A_framework_that_makes_no_sense_is_refused()
    {
        var good = new FrameworkDescription { Id = "F", Roles = ["a"] };
        Assert.Equal("framework-without-id", (good with { Id = "" }).Check()?.Code);
        Assert.Equal("framework-roles", (good with { Roles = ["a", "b"] }).Check()?.Code);
        Assert.Equal("framework-roles", (good with { Roles = [] }).Check()?.Code);
        var many = good with { Capabilities = FrameworkCapabilities.MultiRole };
        Assert.Null((many with { Roles = [] }).Check());
        Assert.Equal("framework-roles", (many with { Roles = ["a", "a"] }).Check()?.Code);
        Assert.Equal("role-invalid", (many with { Roles = ["a//b"] }).Check()?.Code);
        Assert.Equal("role-not-subscribed", (good with { SuppressedRoles = ["b"] }).Check()?.Code);
        Assert.Equal("smallest-offer-negative",
            (good with { SmallestOffers = good.SmallestOffers.Add("a", [OfferCell.Amount(-1, 0)]) }).Check()?.Code);
        Assert.Equal("constraint-invalid",
            (good with { Constraints = good.Constraints.Add("a", [[new("x", AttributeTest.Matches, "(")]]) }).Check()?.Code);
        Assert.Equal("constraint-invalid",
            (good with { Constraints = good.Constraints.Add("a", [[new("x", AttributeTest.Matches, @"(a)\1")]]) }).Check()?.Code);
        Assert.Equal("role-invalid", _cell.Book.Subscribe(many with { Roles = ["-"] }).Problem?.Code);
    }
}
