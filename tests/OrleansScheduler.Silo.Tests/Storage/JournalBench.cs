using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Makes journals of words on any store.</summary>
internal sealed class JournalBench(IGrainStorage storage, TimeProvider? time = null)
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddSerializer().AddMetrics().BuildServiceProvider();

    public static Serializer Serializer { get; } = Services.GetRequiredService<Serializer>();

    public JournalOptions Options { get; } = new() { RetryDelays = [TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero] };

    public GrainId Owner { get; init; } = GrainId.Create("job", "shop/prod/web");

    /// <summary>The same store, another grain.</summary>
    public JournalBench For(GrainId owner) => new(storage, time) { Owner = owner };

    /// <summary>One factory, as in one silo.</summary>
    public JournalFactory Factory => field ??= new(
        storage, Serializer, Microsoft.Extensions.Options.Options.Create(Options),
        new JournalMetrics(Services.GetRequiredService<IMeterFactory>()), time ?? TimeProvider.System);

    public Journal<string, List<string>> Make() => Factory.For<string, List<string>>(Owner);

    /// <summary>A new owner, and all entries since the beginning, those in the snapshot included.</summary>
    public async Task<(Journal<string, List<string>> Journal, List<string> Entries)> Open()
    {
        var journal = Make();
        var recovered = await journal.Open(TestContext.Current.CancellationToken);
        return (journal, [.. recovered.Snapshot ?? [], .. recovered.Entries]);
    }

    public async Task<List<string>> Recover() => (await Open()).Entries;

    /// <summary>Words that are all different, each of about <paramref name="length"/> characters.</summary>
    public static string[] Words(int count, int length, string prefix = "w") =>
        [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i}".PadRight(length, '.'))];
}
