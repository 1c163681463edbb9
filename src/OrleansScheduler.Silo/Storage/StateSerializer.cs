using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>
/// State in Orleans' binary form, the same bytes as from <see cref="OrleansGrainStorageSerializer"/>: that one's buffer starts small and is
/// copied whenever it is full, which was an eighth of all that a new job allocated.
/// </summary>
internal sealed class StateSerializer(Serializer serializer) : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(serializer.SerializeToArray(input));

    /// <inheritdoc/>
    public T? Deserialize<T>(BinaryData input) => serializer.Deserialize<T>(input.ToMemory());
}
