namespace OrleansScheduler.Core;

/// <content>Frameworks that come, change and go.</content>
public sealed partial class OfferBook
{
    /// <summary>
    /// A framework subscribes, or changes what it said. Roles that it leaves lose their offers; roles that it does not suppress any more
    /// lose their filters.
    /// </summary>
    /// <returns>Offers that are rescinded.</returns>
    public Answer<ImmutableArray<Offer>> Subscribe(FrameworkDescription description)
    {
        if (description.Check() is { } problem) return problem;
        var isNew = !_frameworks.TryGetValue(description.Id, out var framework);
        if (framework is null) _frameworks.Add(description.Id, framework = new(description));
        framework.Description = description;
        var wasActive = framework.Active && !isNew;
        framework.Active = true;
        var rescinded = new List<Loan>();
        foreach (var left in framework.Clients.Values.Where(c => !description.Roles.Contains(c.RolePath)).ToList())
        {
            rescinded.AddRange(EndLoans(left));
            Leave(left);
        }

        WantsRound |= !wasActive;
        foreach (var path in description.Roles)
        {
            if (!framework.Clients.TryGetValue(path, out var client))
            {
                client = new(framework, path, RoleOf(path)) { Suppressed = true };
                framework.Clients.Add(path, client);
                _clients.Add(client);
            }

            client.HasLeft = false;
            client.SmallestOffers = description.SmallestOffers.TryGetValue(path, out var smallest) ? smallest : null;
            client.Constraints = description.Constraints.TryGetValue(path, out var groups) ? new(groups) : null;
            client.Excluded = ExcludedFor(client);
            client.Covered.Clear();
            var suppress = description.SuppressedRoles.Contains(path);
            if (client.Suppressed && !suppress)
            {
                EndFilters(client);
                WantsRound = true;
            }

            client.Suppressed = suppress;
            Enter(client);
        }

        return ImmutableArray.CreateRange(rescinded.OrderBy(l => l.Id).Select(l => l.Describe()));
    }

    /// <summary>A framework is not there for a while: its offers are rescinded, its filters end, and what it holds stays.</summary>
    public ImmutableArray<Offer> Deactivate(string framework)
    {
        if (!_frameworks.TryGetValue(framework, out var found)) return [];
        found.Active = false;
        var rescinded = new List<Loan>();
        foreach (var client in found.Clients.Values)
        {
            rescinded.AddRange(EndLoans(client));
            EndFilters(client);
            Enter(client);
        }

        return [.. rescinded.OrderBy(l => l.Id).Select(l => l.Describe())];
    }

    /// <summary>
    /// Forgets a framework, whose id does not come back. What it holds is given back by <see cref="Release"/> as ever.
    /// </summary>
    public ImmutableArray<Offer> Remove(string framework)
    {
        var rescinded = Deactivate(framework);
        if (_frameworks.Remove(framework, out var found))
        {
            foreach (var client in found.Clients.Values)
            {
                Leave(client);
                _clients.Remove(client);
            }
        }

        return rescinded;
    }

    /// <summary>A framework wants no offers for roles, or none at all when none are named. Those that are out stay.</summary>
    public Problem? Suppress(string framework, params ReadOnlySpan<string> roles)
    {
        if (ClientsOf(framework, roles, out var clients) is { } problem) return problem;
        foreach (var client in clients)
        {
            client.Suppressed = true;
            Enter(client);
        }

        return null;
    }

    /// <summary>A framework wants offers again for roles, or for all when none are named, also of what it declined.</summary>
    public Problem? Revive(string framework, params ReadOnlySpan<string> roles)
    {
        if (ClientsOf(framework, roles, out var clients) is { } problem) return problem;
        foreach (var client in clients)
        {
            EndFilters(client);
            client.Suppressed = false;
            Enter(client);
            WantsRound = true;
        }

        return null;
    }

    /// <summary>Offers to a framework are cut to what it needs from now on; null for whole nodes again.</summary>
    public Problem? SetDemand(string framework, string role, OfferDemand? demand)
    {
        if (ClientsOf(framework, [role], out var clients) is { } problem) return problem;
        if (demand is { } given && (given.Count < 0 || !given.Each.IsNonNegative || given.Each == Resources.None))
        {
            return Problem.Of(ProblemKind.Invalid, "demand-not-positive",
                $"A demand is for more than nothing, not {given.Count} of {given.Each}.");
        }

        clients[0].Demand = demand;
        WantsRound = true;
        return null;
    }

    private static Problem NoSuchFramework(string framework) =>
        Problem.Of(ProblemKind.NotFound, "framework-not-found", $"There is no framework {framework}.");

    private OfferRole RoleOf(string path)
    {
        var id = _roles.GetOrAdd(path);
        if (_offerRoles.TryGetValue(id, out var role)) return role;
        role = new(id);
        _offerRoles.Add(id, role);
        _roleList.Add(role);
        return role;
    }

    /// <summary>One role that it does not have makes the whole call void, as in Mesos.</summary>
    private Problem? ClientsOf(string framework, ReadOnlySpan<string> roles, out List<OfferClient> clients)
    {
        clients = [];
        if (!_frameworks.TryGetValue(framework, out var found)) return NoSuchFramework(framework);
        foreach (var role in roles)
        {
            if (!found.Clients.TryGetValue(role, out var client) || client.HasLeft)
                return Problem.Of(ProblemKind.Invalid, "role-not-subscribed", $"{framework} is not subscribed to {role}.");
            clients.Add(client);
        }

        if (roles.IsEmpty) clients.AddRange(found.Clients.Values.Where(c => !c.HasLeft));
        return null;
    }

    private static void Enter(OfferClient client)
    {
        if (client.WantsOffers) client.Role.Waiting.Add(client);
        else client.Role.Waiting.Remove(client);
    }

    private void Leave(OfferClient client)
    {
        EndFilters(client);
        client.HasLeft = true;
        client.Suppressed = true;
        client.Demand = null;
        Enter(client);
    }

    private List<Loan> EndLoans(OfferClient client)
    {
        var loans = client.Loans.ToList();
        foreach (var loan in loans) End(loan);
        return loans;
    }

    private NodeSet? ExcludedFor(OfferClient client)
    {
        var (gpu, far) = Barred(client);
        if (client.Constraints is not { } constraints)
        {
            return (gpu, far) switch
            {
                (true, true) => _gpuOrFarNodes,
                (true, false) => _gpuNodes,
                (false, true) => _farNodes,
                _ => null,
            };
        }

        var excluded = new NodeSet();
        foreach (var node in _nodes)
        {
            if (node is not null && IsExcluded(client, constraints, node)) excluded.Add(node.Index);
        }

        return excluded;
    }

    private (bool Gpu, bool Far) Barred(OfferClient client) => (
        _options.KeepGpuNodes && !client.Framework.Description.Has(FrameworkCapabilities.GpuResources),
        !client.Framework.Description.Has(FrameworkCapabilities.RegionAware));

    private bool IsExcluded(OfferClient client, NodeConstraints constraints, OfferNode node)
    {
        var (gpu, far) = Barred(client);
        return (gpu && _gpuNodes.Contains(node.Index)) || (far && _farNodes.Contains(node.Index)) || !constraints.Accept(node.Facts);
    }
}
