using System.Collections.Concurrent;
using Orleans.Serialization.TypeSystem;

namespace OrleansScheduler.Contracts;

/// <summary>
/// The names of our grain interfaces, worked out once: Orleans does so for every reference that is made, which took a twentieth of the
/// processor time of a busy silo.
/// </summary>
/// <remarks>The names are Orleans' own, so that processes with and without this understand each other. Register it before Orleans.</remarks>
/// <param name="types">How Orleans writes types.</param>
public sealed class GrainInterfaceNames(TypeConverter types) : IGrainInterfaceTypeProvider
{
    private readonly ConcurrentDictionary<Type, GrainInterfaceType> _names = new();

    /// <inheritdoc/>
    public bool TryGetGrainInterfaceType(Type type, out GrainInterfaceType grainInterfaceType)
    {
        ArgumentNullException.ThrowIfNull(type);
        var isOurs = type.Assembly == typeof(GrainInterfaceNames).Assembly;
        grainInterfaceType = isOurs ? _names.GetOrAdd(type, NameOf) : default;
        return isOurs;
    }

    private GrainInterfaceType NameOf(Type type) => GrainInterfaceType.Create(
        types.Format(type, static name => name is AssemblyQualifiedTypeSpec qualified ? qualified.Type : name));
}
