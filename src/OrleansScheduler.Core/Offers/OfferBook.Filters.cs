namespace OrleansScheduler.Core;

/// <content>What frameworks do not want for a while.</content>
public sealed partial class OfferBook
{
    private void AddFilter(OfferClient client, OfferNode node, in Taken refused, TimeSpan refusal, DateTimeOffset now)
    {
        if (refusal <= TimeSpan.Zero || refused.IsEmpty) return;
        var until = now + (refusal > _options.Interval ? refusal : _options.Interval);
        var filter = new OfferFilter(refused, until, client.Filters.GetValueOrDefault(node.Index));
        client.Filters[node.Index] = filter;
        client.Filtered.Add(node.Index);
        node.Refused = node.Filters == 0 ? refused.Unreserved : Amounts.Min(node.Refused, refused.Unreserved);
        node.Filters++;
        Filters++;
        _filterEnds.Enqueue((client, node.Index, filter), until);
    }

    /// <summary>
    /// Ends filters whose time was over before a round. One that ends at the very time of a round holds in it (MESOS-4302): a framework
    /// that declines for less than the interval is not offered the same in the next round.
    /// </summary>
    private void EndFilters(DateTimeOffset now)
    {
        while (_filterEnds.TryPeek(out var ended, out var until) && until < now)
        {
            _filterEnds.Dequeue();
            var (client, node, filter) = ended;
            if (filter.IsGone) continue;
            Gone(filter, node);
            client.Covered.Remove(node);
            if (client.Filters[node] == filter)
            {
                if (filter.Next is { } next) client.Filters[node] = next;
                else
                {
                    client.Filters.Remove(node);
                    client.Filtered.Remove(node);
                }

                continue;
            }

            var before = client.Filters[node];
            while (before.Next != filter) before = before.Next!;
            before.Next = filter.Next;
        }
    }

    private void EndFilters(OfferClient client)
    {
        foreach (var (node, first) in client.Filters)
        {
            for (var filter = first; filter is not null; filter = filter.Next) Gone(filter, node);
        }

        client.Filters.Clear();
        client.Covered.Clear();
        client.Filtered.Clear();
    }

    private void EndFilters(OfferNode node)
    {
        if (node.Filters == 0) return;
        foreach (var client in _clients)
        {
            client.Covered.Remove(node.Index);
            client.Filtered.Remove(node.Index);
            if (!client.Filters.Remove(node.Index, out var first)) continue;
            for (var filter = first; filter is not null; filter = filter.Next) Gone(filter, node.Index);
        }
    }

    private void Gone(OfferFilter filter, int node)
    {
        filter.IsGone = true;
        _nodes[node]!.Filters--;
        Filters--;
    }

    /// <summary>Whether a filter refuses all of this: a larger offer passes.</summary>
    private static bool Refuses(OfferClient client, OfferNode node, in Taken offered)
    {
        if (client.Filters.Count == 0 || !client.Filters.TryGetValue(node.Index, out var first)) return false;
        for (var filter = first; filter is not null; filter = filter.Next)
        {
            if (offered.FitsInto(filter.Refused)) return true;
        }

        return false;
    }
}
