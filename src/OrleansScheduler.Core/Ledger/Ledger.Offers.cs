namespace OrleansScheduler.Core;

/// <content>
/// Offers: free capacity of nodes lent to frameworks for a time (<see cref="OfferBook"/>). What is lent or held by frameworks is taken off
/// the nodes and counts in the shares of roles like everything else, so jobs and frameworks compete for one cell.
/// </content>
/// <remarks>
/// Offers live in memory: one that a ledger forgot is one that was rescinded. What frameworks hold is not journalled here: the front door
/// that serves them owns that.
/// </remarks>
public sealed partial class Ledger
{
    private OfferBook? _offers;

    /// <summary>The offers that are out.</summary>
    public ImmutableArray<Offer> Offers => _offers?.Offers ?? [];

    /// <summary>A framework wants offers.</summary>
    /// <returns>Offers of roles that it has no more, which are rescinded.</returns>
    public Answer<ImmutableArray<Offer>> Subscribe(FrameworkDescription framework)
    {
        var answer = Book().Subscribe(framework);
        RefreshNodes(answer.Problem is null ? answer.Value : []);
        return answer;
    }

    /// <summary>A framework is gone: its offers are rescinded.</summary>
    public ImmutableArray<Offer> Unsubscribe(string framework) => Back(Book().Remove(framework));

    /// <summary>Offers everything that is free to those whose turn it is, by Mesos' rules.</summary>
    public ImmutableArray<Offer> Offer(DateTimeOffset now)
    {
        var offers = Book().Allocate(now);
        RefreshNodes(offers);
        return offers;
    }

    /// <summary>Lends capacity of one node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="framework">To whom.</param>
    /// <param name="role">For which of its roles.</param>
    /// <param name="request">How much; null for all that the role may have there.</param>
    /// <param name="until">When the loan ends by itself; null for never.</param>
    public Answer<Offer> Lend(string node, string framework, string role, Resources? request, DateTimeOffset? until)
    {
        var answer = Book().Lend(node, framework, role, request, until);
        if (answer.Problem is null) RefreshNodes([answer.Value!]);
        return answer;
    }

    /// <summary>A framework uses a part of what it was lent; the rest is free again.</summary>
    /// <param name="framework">Who.</param>
    /// <param name="offers">Which offers: of one node and one role.</param>
    /// <param name="used">What of them it uses.</param>
    /// <param name="refusal">For how long it does not want the rest.</param>
    /// <param name="now">The time.</param>
    public Answer<AcceptedOffer> Accept(
        string framework, ReadOnlySpan<long> offers, in Taken used, TimeSpan refusal, DateTimeOffset now)
    {
        var nodes = NodesOf(offers);
        var answer = Book().Accept(framework, offers, used, refusal, now);
        RefreshNodes(nodes);
        if (answer.Problem is null) RefreshNodes(answer.Value!.Rescinded);
        return answer;
    }

    /// <summary>A framework does not want what it was lent.</summary>
    public Problem? Decline(string framework, ReadOnlySpan<long> offers, TimeSpan refusal, DateTimeOffset now)
    {
        var nodes = NodesOf(offers);
        var problem = Book().Decline(framework, offers, refusal, now);
        RefreshNodes(nodes);
        return problem;
    }

    /// <summary>Takes a loan back; null when it is not out.</summary>
    public Offer? Rescind(long offer)
    {
        var rescinded = Book().Rescind(offer);
        if (rescinded is not null) Back([rescinded]);
        return rescinded;
    }

    /// <summary>Takes back the loans whose time is over.</summary>
    public ImmutableArray<Offer> ExpireOffers(DateTimeOffset now) => _offers is null ? [] : Back(_offers.Expire(now));

    /// <summary>What a framework used has ended: it is free again.</summary>
    /// <param name="framework">Who.</param>
    /// <param name="role">In which role.</param>
    /// <param name="node">Where.</param>
    /// <param name="parts">What.</param>
    public Problem? ReleaseFromFramework(string framework, string role, string node, in Taken parts)
    {
        var problem = Book().Release(framework, role, node, parts);
        if (problem is not null || !_nodes.TryGetValue(node, out var found)) return problem;
        _supply++;
        Refresh(found);
        return null;
    }

    private OfferBook Book()
    {
        if (_offers is not null) return _offers;

        // Which of equally good nodes is offered first is drawn; with a fixed seed, so that a ledger does the same again.
        _offers = new OfferBook(_roles, new OfferOptions(), new Random(0));
        foreach (var node in Known()) TellBook(node);
        return _offers;
    }

    private void TellBook(LedgerNode node)
    {
        if (_offers is null) return;
        var facts = new OfferNodeFacts
        {
            Attributes = node.Description.Attributes,
            Host = node.Description.Host,
            TakesTasks = node.TakesTasks,
        };
        Back(_offers.PutNode(node.Id, node.Amounts, facts));
    }

    private List<Offer> NodesOf(ReadOnlySpan<long> offers)
    {
        var found = new List<Offer>();
        foreach (var offer in offers)
        {
            if (Book().Find(offer) is { } known) found.Add(known);
        }

        return found;
    }

    private ImmutableArray<Offer> Back(ImmutableArray<Offer> rescinded)
    {
        if (!rescinded.IsEmpty) _supply++;
        RefreshNodes(rescinded);
        return rescinded;
    }

    private void RefreshNodes(IEnumerable<Offer> offers)
    {
        foreach (var node in offers.Select(o => o.Node).Distinct())
        {
            if (_nodes.TryGetValue(node, out var found)) Refresh(found);
        }
    }
}
