namespace OrleansScheduler.Gateway.Tests;

public sealed class PageTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task The_page_shows_jobs_tasks_and_nodes()
    {
        fixture.Cell.AddJob(
            "shown/prod/web", 3, (instance, task) => instance == 1 ? task with { Status = ScheduleStatus.Failed, ExitCode = 9 } : task);
        fixture.Cell.AddNode("shown-node");
        var page = await fixture.Http.GetStringAsync("/?job=shown/prod/web");
        Assert.Contains("testcell", page);
        Assert.Contains("href=\"/?job=shown%2Fprod%2Fweb#tasks\"", page);
        Assert.Contains("Tasks of shown/prod/web", page);
        Assert.Contains("exit 9", page);
        Assert.Contains("shown-node", page);
    }

    [Fact]
    public async Task Everything_that_comes_from_outside_is_escaped()
    {
        const string Hostile = "<script>alert('x')</script>";
        fixture.Cell.AddJob("hostile/prod/web", 1, (_, task) => task with { Message = Hostile, Node = Hostile });
        fixture.Cell.Nodes["hostile"] = fixture.Cell.AddNode("hostile") with
        {
            Description = fixture.Cell.Nodes["hostile"].Description with
            {
                Host = Hostile,
                Attributes = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add(
                    "rack", ["\"><img src=x onerror=alert(1)>"]),
            },
        };
        foreach (var path in new[] { "/?job=hostile/prod/web", $"/?job={Uri.EscapeDataString(Hostile)}" })
        {
            var page = await fixture.Http.GetStringAsync(path);
            Assert.DoesNotContain("<script>alert", page);
            Assert.DoesNotContain("<img", page);
        }

        Assert.Contains("&lt;script&gt;alert", await fixture.Http.GetStringAsync("/?job=hostile/prod/web"));
    }

    [Theory]
    [InlineData("/assets/page.css", "text/css")]
    [InlineData("/assets/live.js", "text/javascript")]
    [InlineData("/assets/icon.svg", "image/svg+xml")]
    [InlineData("/schema/job.v1.json", "application/schema+json")]
    public async Task What_the_page_needs_is_served_and_asked_again_only_when_it_changed(string path, string type)
    {
        using var first = await fixture.Http.Send("GET", path);
        Assert.Equal(type, first.Content.Headers.ContentType?.MediaType);
        using var second = await fixture.Http.Send("GET", path, headers: ("If-None-Match", first.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Nothing_is_loaded_from_elsewhere()
    {
        var page = await fixture.Http.GetStringAsync("/");
        Assert.DoesNotContain("http://", page);
        Assert.DoesNotContain("https://", page);
        Assert.DoesNotContain(" style=", page);
    }
}
