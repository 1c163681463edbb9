using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Serialization;
using Orleans.Serialization.TypeSystem;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class GrainInterfaceNamesTests
{
    [Theory]
    [InlineData(typeof(IJobGrain))]
    [InlineData(typeof(INodeGrain))]
    [InlineData(typeof(IAgentSession))]
    [InlineData(typeof(IResourceLedgerGrain))]
    public void An_interface_has_the_name_that_processes_without_ours_give_it(Type type)
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var types = services.GetRequiredService<TypeConverter>();
        var orleans = new GrainInterfaceTypeResolver([], types);
        var names = new GrainInterfaceNames(types);
        Assert.True(names.TryGetGrainInterfaceType(type, out var name));
        Assert.Equal(orleans.GetGrainInterfaceType(type), name);
        Assert.False(names.TryGetGrainInterfaceType(typeof(IManagementGrain), out _));
    }
}
