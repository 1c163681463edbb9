using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Adds what the grains keep their state with.</summary>
internal static class StorageServices
{
    /// <summary>
    /// Adds the journals, and the binary form of state for every store (JSON, the default of Orleans, is a third larger and slower).
    /// </summary>
    public static IServiceCollection AddSchedulerStorage(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<IGrainStorageSerializer, StateSerializer>();
        services.AddSingleton<JournalMetrics>();
        services.AddSingleton<JournalFactory>();
        services.AddSingleton<StateCopy>();
        services.AddSingleton<StorageHealth>();

        // Journals delete rows by the thousand; without this every deleted row would stay as an empty one.
        services.PostConfigureAll<AdoNetGrainStorageOptions>(options =>
        {
            options.DeleteStateOnClear = true;
            if (options is { Invariant: PostgresConnection.Invariant, ConnectionString: { } connection })
                options.ConnectionString = PostgresConnection.WithDefaults(connection);
        });
        services.PostConfigureAll<AdoNetClusteringSiloOptions>(options =>
        {
            if (options is { Invariant: PostgresConnection.Invariant, ConnectionString: { } connection })
                options.ConnectionString = PostgresConnection.WithPatience(connection);
        });
        services.PostConfigureAll<RedisStorageOptions>(options => options.DeleteStateOnClear = true);
        return services;
    }
}
