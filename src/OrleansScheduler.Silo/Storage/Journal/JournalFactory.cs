using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Makes the journals of this silo's grains, on the store named <c>Default</c>.</summary>
internal sealed class JournalFactory(
    IGrainStorage storage, Serializer serializer, IOptions<JournalOptions> options, JournalMetrics metrics, TimeProvider time)
{
    private readonly ForgottenWrites _forgotten = new();

    /// <summary>The journal of a grain; open it before use.</summary>
    /// <typeparam name="TEntry">One recorded fact.</typeparam>
    /// <typeparam name="TSnapshot">All facts so far, summed up.</typeparam>
    /// <param name="owner">The grain.</param>
    public Journal<TEntry, TSnapshot> For<TEntry, TSnapshot>(GrainId owner)
        where TSnapshot : class => new(LogOf(owner), serializer, options.Value, metrics, time);

    /// <summary>The rows of a grain's journal, whatever they say.</summary>
    public JournalLog LogOf(GrainId owner) =>
        new(new JournalRows(storage, owner, options.Value, time), serializer, options.Value, _forgotten);
}
