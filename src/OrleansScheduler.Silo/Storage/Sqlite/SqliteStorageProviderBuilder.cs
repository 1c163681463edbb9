using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

[assembly: RegisterProvider("Sqlite", "GrainStorage", "Silo", typeof(OrleansScheduler.Silo.SqliteStorageProviderBuilder))]

namespace OrleansScheduler.Silo;

/// <summary>
/// Makes the embedded store from configuration: <c>Orleans:GrainStorage:{name}:ProviderType=Sqlite</c> with <c>DataSource</c>
/// (the file; required) and <c>SerializerKey</c> (a keyed <see cref="IGrainStorageSerializer"/>; optional).
/// </summary>
internal sealed class SqliteStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    /// <inheritdoc/>
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddSqliteGrainStorage(name!, options => options.Configure<IServiceProvider>((storage, services) =>
        {
            storage.DataSource = configurationSection[nameof(storage.DataSource)] ?? "";
            if (configurationSection["SerializerKey"] is { Length: > 0 } key)
                storage.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(key);
        }));
}

/// <summary>Adds the embedded store to a silo.</summary>
internal static class SqliteStorageExtensions
{
    /// <summary>Adds the embedded store under a name.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The provider's name, <c>Default</c> for grains that name none.</param>
    /// <param name="configure">Sets the options; <see cref="SqliteStorageOptions.DataSource"/> is required.</param>
    public static ISiloBuilder AddSqliteGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<SqliteStorageOptions>> configure)
    {
        var services = builder.Services;
        configure(services.AddOptions<SqliteStorageOptions>(name).Validate(
            options => options.DataSource.Length > 0,
            $"Orleans:GrainStorage:{name}:DataSource is missing: name the database file, for example /var/lib/osched/cell.db"));
        services.AddTransient<
            IPostConfigureOptions<SqliteStorageOptions>, DefaultStorageProviderSerializerOptionsConfigurator<SqliteStorageOptions>>();
        services.AddGrainStorage(name, (provider, key) => ActivatorUtilities.CreateInstance<SqliteGrainStorage>(
            provider, key, provider.GetRequiredService<IOptionsMonitor<SqliteStorageOptions>>().Get(key)));
        return builder;
    }
}
