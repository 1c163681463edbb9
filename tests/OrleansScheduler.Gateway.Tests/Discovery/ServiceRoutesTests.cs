using System.Net.ServerSentEvents;

namespace OrleansScheduler.Gateway.Tests;

public sealed class ServiceRoutesTests : IClassFixture<GatewayFixture>
{
    private readonly GatewayFixture _fixture;

    public ServiceRoutesTests(GatewayFixture fixture)
    {
        _fixture = fixture;
        _fixture.Cell.AddNode("n1");
    }

    [Fact]
    public async Task A_service_names_only_instances_that_run_with_host_and_ports()
    {
        _fixture.Cell.AddJob("shop/one/web", 3, (instance, task) => instance == 1 ? task with { Status = ScheduleStatus.Starting } : task);
        var service = await _fixture.Http.Get<ServiceView>("/v1/services/shop/one/web");
        Assert.Equal(3, service.Wanted);
        Assert.Equal([0, 2], service.Instances.Select(one => one.Instance));
        Assert.Equal(["n1:31000", "n1:31002"], service.Instances.Select(one => $"{one.Host}:{one.Ports["http"]}"));
    }

    [Fact]
    public async Task What_is_no_service_is_not_found_and_says_why()
    {
        var job = _fixture.Cell.AddJob("shop/one/sums");
        _fixture.Cell.Jobs[job.Key] = job with { Type = JobType.Batch };
        var other = await (await _fixture.Http.Send("GET", "/v1/services/shop/one/sums")).Problem(HttpStatusCode.NotFound);
        Assert.Equal("not-a-service", other.Code());
        var none = await (await _fixture.Http.Send("GET", "/v1/services/shop/one/nobody?watch")).Problem(HttpStatusCode.NotFound);
        Assert.Equal("job-not-found", none.Code());
    }

    [Fact]
    public async Task Pages_of_the_list_hold_every_service_once_and_no_other_job()
    {
        foreach (var number in Enumerable.Range(0, 40))
        {
            var job = _fixture.Cell.AddJob($"many/prod/s{number:00}");
            if (number % 3 == 0) _fixture.Cell.Jobs[job.Key] = job with { Type = JobType.Cron };
        }

        var seen = new List<string>();
        string? page = null;
        do
        {
            var part = await _fixture.Http.Get<Page<ServiceView>>(
                "/v1/services?role=many&limit=7" + (page is null ? "" : $"&page={page}"));
            seen.AddRange(part.Items.Select(service => service.Key.Name));
            page = part.Next;
        }
        while (page is not null);
        Assert.Equal(Enumerable.Range(0, 40).Where(number => number % 3 != 0).Select(number => $"s{number:00}"), seen);
    }

    [Fact]
    public async Task A_list_ends_its_page_when_it_has_many_instances()
    {
        foreach (var name in (string[])["a", "b", "c"]) _fixture.Cell.AddJob($"big/prod/{name}", 6000);
        foreach (var number in Enumerable.Range(0, 20)) _fixture.Cell.AddJob($"big/prod/z{number:00}");
        var first = await _fixture.Http.Get<Page<ServiceView>>("/v1/services?role=big&limit=100");
        Assert.NotNull(first.Next);
        var second = await _fixture.Http.Get<Page<ServiceView>>($"/v1/services?role=big&limit=100&page={first.Next}");
        Assert.Null(second.Next);
        Assert.Equal(23, first.Items.Concat(second.Items).Select(service => service.Key).Distinct().Count());
    }

    [Fact]
    public async Task A_watcher_is_told_what_is_and_then_every_change_until_it_goes()
    {
        var job = _fixture.Cell.AddJob("shop/watch/web");
        using var response = await _fixture.Http.Send("GET", "/v1/services/shop/watch/web?watch");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await using var items = Items(response).GetAsyncEnumerator();
        Assert.Single((await Next(items)).Service.Instances);

        _fixture.Cell.AddJob("shop/watch/web", 2);
        Say(job.Key);
        Assert.Equal(2, (await Next(items)).Service.Instances.Length);

        _fixture.Cell.Tasks[job.Key] = [];
        Say(job.Key);
        Assert.Empty((await Next(items)).Service.Instances);
    }

    [Fact]
    public async Task A_watcher_that_comes_back_hears_only_what_it_has_not_seen()
    {
        var job = _fixture.Cell.AddJob("shop/back/web");
        string seen;
        using (var response = await _fixture.Http.Send("GET", "/v1/services/shop/back/web?watch"))
        {
            await using var items = Items(response).GetAsyncEnumerator();
            seen = (await Next(items)).Id;
        }

        using (var response = await Again(seen))
        {
            await using var items = Items(response).GetAsyncEnumerator();
            var next = Next(items);
            _fixture.Cell.AddJob("shop/back/web", 2);
            Say(job.Key);
            Assert.Equal(2, (await next).Service.Instances.Length);
        }

        using (var response = await Again(seen))
        {
            // What changed meanwhile comes at once.
            await using var items = Items(response).GetAsyncEnumerator();
            Assert.Equal(2, (await Next(items)).Service.Instances.Length);
        }

        Task<HttpResponseMessage> Again(string id) => _fixture.Http.Send(
            "GET", "/v1/services/shop/back/web", headers: [("Accept", "text/event-stream"), ("Last-Event-ID", id)]);
    }

    [Fact]
    public async Task A_node_that_registers_with_another_host_moves_its_instances()
    {
        _fixture.Cell.AddNode("mover");
        var job = _fixture.Cell.AddJob("shop/move/web", 1, (_, task) => task with { Node = "mover" });
        using var response = await _fixture.Http.Send("GET", $"/v1/services/{job.Key}?watch");
        await using var items = Items(response).GetAsyncEnumerator();
        Assert.Equal("mover", (await Next(items)).Service.Instances[0].Host);

        var node = _fixture.Cell.Nodes["mover"];
        _fixture.Cell.Nodes["mover"] = node with { Description = node.Description with { Host = "elsewhere" } };
        _fixture.Cell.Feed.Publish(new EventView { Kind = "node", Node = "mover", Status = "REGISTERED" });
        Assert.Equal("elsewhere", (await Next(items)).Service.Instances[0].Host);
    }

    [Fact]
    public async Task Events_that_were_lost_are_made_up_for()
    {
        var job = _fixture.Cell.AddJob("shop/lost/web");
        _fixture.Cell.Feed.LongestWait = TimeSpan.FromMilliseconds(20);
        try
        {
            await using var gateway = await GatewayHost.Start(_fixture.Client);
            using var response = await gateway.Http.Send("GET", $"/v1/services/{job.Key}?watch");
            await using var items = Items(response).GetAsyncEnumerator();
            await Next(items);
            _fixture.Cell.AddJob(job.Key.ToString(), 2);

            // The feed starts anew, as after the end of its silo: nobody says what changed.
            _fixture.Cell.Feed.Oldest = int.MaxValue;
            var next = Next(items);
            Assert.Equal(2, (await next).Service.Instances.Length);
        }
        finally
        {
            _fixture.Cell.Feed.Oldest = 0;
            _fixture.Cell.Feed.LongestWait = TimeSpan.FromSeconds(30);
        }
    }

    [Fact]
    public async Task What_the_feed_says_to_be_missing_is_read_again_at_once()
    {
        var job = _fixture.Cell.AddJob("shop/missing/web");
        using var response = await _fixture.Http.Send("GET", $"/v1/services/{job.Key}?watch");
        await using var items = Items(response).GetAsyncEnumerator();
        await Next(items);
        _fixture.Cell.AddJob(job.Key.ToString(), 2);

        _fixture.Cell.Feed.Publish(new EventView { Kind = "cell", Status = EventView.EventsMissing });
        Assert.Equal(2, (await Next(items)).Service.Instances.Length);
    }

    [Fact]
    public async Task Watchers_do_not_hold_up_a_gateway_that_stops()
    {
        _fixture.Cell.AddJob("shop/stop/web");
        await using var gateway = await GatewayHost.Start(_fixture.Client);
        using var response = await gateway.Http.Send("GET", "/v1/services/shop/stop/web?watch");
        await gateway.Stop().WaitAsync(TimeSpan.FromSeconds(10));
    }

    private void Say(JobKey job) => _fixture.Cell.Feed.Publish(new EventView { Kind = "task", Job = job, Status = "RUNNING" });

    private static async IAsyncEnumerable<(string Id, ServiceView Service)> Items(HttpResponseMessage response)
    {
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            Assert.Equal("service", item.EventType);
            yield return (item.EventId!, JsonSerializer.Deserialize<ServiceView>(item.Data, WireJson.Options)!);
        }
    }

    private static async Task<(string Id, ServiceView Service)> Next(IAsyncEnumerator<(string Id, ServiceView Service)> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15)));
        return items.Current;
    }
}
