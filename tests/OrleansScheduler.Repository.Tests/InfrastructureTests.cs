using YamlDotNet.Serialization;

namespace OrleansScheduler.Repository.Tests;

public sealed class InfrastructureTests
{
    private static readonly Dictionary<string, object> Services = Map(Yaml("infra/compose.yaml")["services"]);

    public static TheoryData<string> YamlFiles =>
        [.. Repository.FilesEndingIn(".yaml", ".yml").Where(file => file.StartsWith("infra/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void Every_YAML_file_can_be_read(string file) => Assert.NotEmpty(Yaml(file));

    [Fact]
    public void The_cell_has_enough_of_every_role_to_lose_one()
    {
        Assert.Equal(3, Services.Keys.Count(name => name.StartsWith("silo", StringComparison.Ordinal)));
        Assert.Equal(2, Services.Keys.Count(name => name.StartsWith("gateway", StringComparison.Ordinal)));
        Assert.Equal(2, Services.Keys.Count(name => name.StartsWith("agent", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_service_but_the_one_that_ends_has_a_health_check() =>
        Assert.Equal(
            ["storage"], Services.Where(service => !Merged(service.Value).ContainsKey("healthcheck")).Select(service => service.Key));

    [Fact]
    public void Ports_are_published_on_loopback_only() => Assert.All(
        Services.Values.SelectMany(service => Merged(service).GetValueOrDefault("ports") as List<object> ?? []),
        port => Assert.StartsWith("127.0.0.1:", (string)port, StringComparison.Ordinal));

    [Fact]
    public void Services_depend_only_on_services() => Assert.Empty(
        Services.Values.SelectMany(service => Merged(service).GetValueOrDefault("depends_on") is { } needed
            ? Map(needed).Keys
            : (IEnumerable<string>)[])
            .Except(Services.Keys));

    [Fact]
    public void Everything_that_Prometheus_scrapes_is_a_service()
    {
        var jobs = ((List<object>)Yaml("infra/prometheus.yml")["scrape_configs"]).Select(Map);
        var targets =
            jobs.SelectMany(job => (List<object>)job["static_configs"]).SelectMany(config => (List<object>)Map(config)["targets"]);

        Assert.Empty(targets.Select(target => ((string)target).Split(':')[0]).Except(Services.Keys));
    }

    [Fact]
    public void The_image_does_not_run_as_root()
    {
        var users = Repository.Lines("infra/Dockerfile").Where(line => line.StartsWith("USER ", StringComparison.Ordinal));

        Assert.Equal("USER $APP_UID", Assert.Single(users));
    }

    /// <summary>A service with what it takes over by a merge key.</summary>
    private static Dictionary<string, object> Merged(object service)
    {
        var own = Map(service);
        if (!own.TryGetValue("<<", out var taken)) return own;
        foreach (var (key, value) in Merged(taken)) own.TryAdd(key, value);
        return own;
    }

    private static Dictionary<string, object> Map(object node) =>
        ((Dictionary<object, object>)node).ToDictionary(pair => (string)pair.Key, pair => pair.Value);

    private static Dictionary<string, object> Yaml(string file) =>
        Map(new DeserializerBuilder().Build().Deserialize<object>(Repository.Text(file))!);
}
