namespace OrleansScheduler.Gateway;

/// <summary>Says where services are: asks jobs which instances run, and nodes under which host.</summary>
internal sealed class ServiceDirectory(IGrainFactory grains, JobDirectory jobs, NodeHosts hosts)
{
    /// <summary>Instances after which a page of the list ends, however few services it has.</summary>
    public const int MaxInstances = 10_000;

    /// <summary>One service; a problem when there is none of the name.</summary>
    public async Task<Answer<ServiceView>> Describe(JobKey key, CancellationToken cancellationToken)
    {
        var answer = await Grain(key).DescribeService(cancellationToken);
        return answer.Value is { } service ? await Locate(service, cancellationToken) : answer;
    }

    /// <summary>The services of a page of jobs: it may be short, even empty, and still have a successor.</summary>
    public async Task<Page<ServiceView>> List(
        JobKey? after, string? role, string? environment, int limit, CancellationToken cancellationToken)
    {
        var (keys, more) = await jobs.List(after, role, environment, limit, cancellationToken);
        var found = ImmutableArray.CreateBuilder<ServiceView>();
        var (instances, looked) = (0, 0);
        foreach (var some in keys.Chunk(Fanout.MaxInFlight))
        {
            foreach (var answer in await Fanout.Ask(some, Describe, cancellationToken))
            {
                if (answer.Value is not { } service) continue;
                found.Add(service);
                instances += service.Instances.Length;
            }

            looked += some.Length;
            if (instances >= MaxInstances) break;
        }

        var isCut = more || looked < keys.Length;
        return new(found.ToImmutable(), isCut ? PageToken.Of(keys[looked - 1].ToString()) : null);
    }

    private async Task<ServiceView> Locate(ServiceView service, CancellationToken cancellationToken)
    {
        var known = await hosts.Of(service.Instances.Select(one => one.Node), cancellationToken);
        return (service with
        {
            Instances = [.. service.Instances.Select(one => one with { Host = known.GetValueOrDefault(one.Node) })],
        }).Sealed();
    }

    private IJobGrain Grain(JobKey key) => grains.GetGrain<IJobGrain>(key.ToString());
}
