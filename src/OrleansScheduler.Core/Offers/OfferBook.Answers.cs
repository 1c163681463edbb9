namespace OrleansScheduler.Core;

/// <content>What frameworks answer.</content>
public sealed partial class OfferBook
{
    /// <summary>Offers capacity of one node outside of rounds. Quotas hold, filters do not.</summary>
    /// <param name="node">The node.</param>
    /// <param name="framework">To whom.</param>
    /// <param name="role">For which of its roles.</param>
    /// <param name="request">How much; null for all of the node that the role may have.</param>
    /// <param name="until">When the offer ends by itself; null for never.</param>
    public Answer<Offer> Lend(string node, string framework, string role, Resources? request, DateTimeOffset? until)
    {
        if (!_nodeIndex.TryGetValue(node, out var index))
            return Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {node}.");
        if (ClientsOf(framework, [role], out var clients) is { } problem) return problem;
        var (found, client) = (_nodes[index]!, clients[0]);
        if (!client.Framework.Active) return Problem.Of(ProblemKind.Conflict, "framework-inactive", $"{framework} is not connected.");
        if (client.Excluded?.Contains(index) == true || !found.Gives)
            return Problem.Of(ProblemKind.Conflict, "node-not-eligible", $"{node} is not for {framework}.");
        if (request is { } asked && (!asked.IsNonNegative || asked == Resources.None))
            return Problem.Of(ProblemKind.Invalid, "offer-not-positive", $"An offer is of more than nothing, not of {asked}.");
        var offered = Offering(client, found, stage: 2, out _);
        if (request is { } cut && !TryCut(found, offered, cut, out offered))
            return Problem.Of(ProblemKind.Conflict, "offer-does-not-fit", $"{node} cannot lend {cut} to {role} now.");
        return offered.IsEmpty
            ? Problem.Of(ProblemKind.Conflict, "offer-does-not-fit", $"{node} has nothing to lend to {role} now.")
            : Lend(found, client, offered, until).Describe();
    }

    /// <summary>
    /// A framework uses a part of offers; the rest goes back and is not offered to it again for a while. Offers that it names and that
    /// cannot be accepted together all go back without that.
    /// </summary>
    /// <param name="framework">Who.</param>
    /// <param name="offers">Which offers: of one node and one role.</param>
    /// <param name="used">What of them it uses.</param>
    /// <param name="refusal">For how long the rest is not wanted (<see cref="Refusal.Of"/>).</param>
    /// <param name="now">The time.</param>
    public Answer<AcceptedOffer> Accept(
        string framework, ReadOnlySpan<long> offers, in Taken used, TimeSpan refusal, DateTimeOffset now)
    {
        if (Take(framework, offers, out var loans) is { } problem) return problem;
        var (node, client) = (loans[0].Node, loans[0].Client);
        var offered = loans[0].Parts;
        foreach (var loan in loans.Skip(1)) offered = offered.With(loan.Parts);
        if (!used.IsNonNegative || !used.FitsInto(offered))
        {
            foreach (var loan in loans) End(loan);
            AddFilter(client, node, offered, refusal, now);
            return Problem.Of(ProblemKind.Invalid, "accept-exceeds-offer", $"{used.Sum} is more than was offered: {offered.Sum}.");
        }

        var rest = offered.Without(used);
        var isHeld = loans[0].IsHeld;
        if (isHeld)
        {
            foreach (var loan in loans) Forget(loan);
            GiveBack(node, client, rest);
        }
        else
        {
            foreach (var loan in loans) End(loan);
            if (!_roles.Admit(client.Role.Id, node.Amounts.UnreservedOf(used)).IsAllowed || !node.Amounts.TryTake(used))
            {
                return Problem.Of(ProblemKind.Conflict, "offer-taken",
                    $"What was offered of {node.Id} was accepted by somebody else before.");
            }

            _roles.Charge(client.Role.Id, used.Sum, node.Amounts.UnreservedOf(used), allocations: 0);
            Count(client, used.Sum, allocations: 0);
        }

        AddFilter(client, node, rest, refusal, now);
        return new AcceptedOffer(node.Id, client.RolePath, used, rest, isHeld ? [] : RescindStale(node.Id));
    }

    /// <summary>A framework uses nothing of offers. Starts no round.</summary>
    public Problem? Decline(string framework, ReadOnlySpan<long> offers, TimeSpan refusal, DateTimeOffset now)
    {
        if (!_frameworks.ContainsKey(framework)) return NoSuchFramework(framework);
        Problem? problem = null;
        foreach (var offer in offers)
        {
            if (!_loans.TryGetValue(offer, out var loan) || loan.Client.Framework.Id != framework)
            {
                problem ??= NotOut(offer, framework);
                continue;
            }

            End(loan);
            AddFilter(loan.Client, loan.Node, loan.Parts, refusal, now);
        }

        return problem;
    }

    private static Problem NotOut(long offer, string framework) =>
        Problem.Of(ProblemKind.Conflict, "offer-not-out", $"{framework} has no offer {offer} (any more).");

    /// <summary>The offers that are accepted together; when they cannot be, those of them that are out go back.</summary>
    private Problem? Take(string framework, ReadOnlySpan<long> offers, out List<Loan> loans)
    {
        loans = [];
        if (!_frameworks.ContainsKey(framework)) return NoSuchFramework(framework);
        var problem = offers.IsEmpty ? Problem.Of(ProblemKind.Invalid, "accept-without-offer", "No offer is named.") : null;
        foreach (var offer in offers)
        {
            if (!_loans.TryGetValue(offer, out var loan) || loan.Client.Framework.Id != framework) problem ??= NotOut(offer, framework);
            else if (loans.Contains(loan)) problem ??= Problem.Of(ProblemKind.Invalid, "offer-twice", $"Offer {offer} is named twice.");
            else loans.Add(loan);
        }

        foreach (var loan in loans)
        {
            if (loan.Node == loans[0].Node && loan.Client == loans[0].Client) continue;
            problem ??= Problem.Of(ProblemKind.Invalid, "offers-differ", "Offers that are accepted together are of one node and one role.");
        }

        if (problem is null) return null;
        foreach (var loan in loans) End(loan);
        return problem;
    }
}
