using System.Diagnostics;
using System.Net;
using System.Text;
using OrleansScheduler.Silo.Tests;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>PostgreSQL stands still, with every connection open, while a cell works on it.</summary>
public sealed class StorageOutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public Task Tasks_run_on_reads_say_their_age_changes_are_refused_at_once_and_the_cell_recovers_by_itself() => StandStill(seconds: 8);

    [Fact(Explicit = true)]
    public Task The_same_for_a_minute() => StandStill(seconds: 60);

    private async Task StandStill(int seconds)
    {
        var profile = Profile();
        var (exitCode, output, error) = await Osched.Run("silo --init-storage", seconds: 60, profile);
        Assert.True(exitCode == 0, $"{output}\n{error}");
        await using var cell = new RoleCell(_directory, profile);
        using var client = cell.Client;
        var job = new WitnessedJob(_directory, client, () => cell.Output);
        cell.Start("silo", "gateway", "agent");
        await job.NodeIsReady();
        await job.Submit(instances: 30);
        await job.IsAt(running: 20, pending: 10);

        using var http = new HttpClient { BaseAddress = new Uri(cell.Environment["Gateway__Url"]), Timeout = TimeSpan.FromSeconds(30) };
        var clock = Stopwatch.StartNew();
        await postgres.Send(Signal.Stop);
        await Eventually.True(
            async () => (await http.GetStringAsync("/healthz/ready")).Contains("degraded: storage"), 20, () => cell.Output);
        var noticed = clock.Elapsed;

        // Tasks end meanwhile; what their agent has to say about it waits.
        _directory.OpenGate();
        var (refusals, slowest, slowestRead) = (0, TimeSpan.Zero, TimeSpan.Zero);
        try
        {
            while (clock.Elapsed < TimeSpan.FromSeconds(seconds))
            {
                var started = clock.Elapsed;
                using var refused = await Submit(http, $"late-{refusals++}");
                slowest = Later(slowest, clock.Elapsed - started);
                if (refused.StatusCode != HttpStatusCode.ServiceUnavailable)
                    Assert.Fail($"{refused.StatusCode} {clock.Elapsed} after the store stood still:\n{cell.Output}");
                Assert.Contains("storage-unavailable", await refused.Content.ReadAsStringAsync());
                Assert.NotNull(refused.Headers.RetryAfter);

                started = clock.Elapsed;
                using var read = await http.GetAsync("/v1/jobs/test/devel/work");
                slowestRead = Later(slowestRead, clock.Elapsed - started);
                Assert.Equal(HttpStatusCode.OK, read.StatusCode);
                Assert.NotNull(read.Headers.Age);
            }
        }
        finally
        {
            await postgres.Send(Signal.Continue);
        }

        clock.Restart();
        await Eventually.True(async () =>
        {
            using var accepted = await Submit(http, "after");
            return accepted.StatusCode == HttpStatusCode.Created;
        }, 30, () => cell.Output);
        TestContext.Current.SendDiagnosticMessage(
            $"outage of {seconds} s: noticed after {noticed.TotalSeconds:0.0} s, {refusals} changes refused, slowest "
            + $"{slowest.TotalMilliseconds:0} ms, slowest read {slowestRead.TotalMilliseconds:0} ms, next change accepted after "
            + $"{clock.Elapsed.TotalSeconds:0.0} s");
        await job.EndsWithEachRunOnce(30);
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static async Task<HttpResponseMessage> Submit(HttpClient http, string name)
    {
        var file = $$"""{"job":"{{name}}","role":"test","env":"devel","type":"batch","instances":1,"task":{"command":["true"]} }""";
        using var body = new StringContent(file, Encoding.UTF8, "application/json");
        return await http.PostAsync("/v1/jobs", body);
    }

    private Dictionary<string, string> Profile()
    {
        var profile = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in new[] { "Clustering", "GrainStorage__Default", "Reminders" })
        {
            profile[$"Orleans__{part}__ProviderType"] = "AdoNet";
            profile[$"Orleans__{part}__Invariant"] = "Npgsql";
            profile[$"Orleans__{part}__ConnectionString"] = postgres.ConnectionString;
        }

        return profile;
    }
}
