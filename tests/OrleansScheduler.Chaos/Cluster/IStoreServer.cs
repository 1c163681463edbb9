namespace OrleansScheduler.Chaos;

/// <summary>A server that keeps a cell's state, started here.</summary>
internal interface IStoreServer : IAsyncDisposable
{
    /// <summary>Settings that make silos and gateways use it, as environment variables.</summary>
    ImmutableDictionary<string, string> Profile { get; }

    /// <summary>Whether <c>osched silo --init-storage</c> has to run once.</summary>
    bool NeedsTables { get; }

    /// <summary>The server itself, to be paused and killed.</summary>
    OwnedProcess Process { get; }

    /// <summary>Starts it on what it had kept; answers when it takes connections.</summary>
    Task Start();

    /// <summary>Ends it at once, like a crash; what it has acknowledged is kept.</summary>
    Task Stop();
}

/// <summary>Settings of the three places that Orleans keeps things in.</summary>
internal static class StoreProfile
{
    /// <summary>The same provider with the same settings for membership, state and reminders.</summary>
    public static ImmutableDictionary<string, string> Of(string provider, ImmutableDictionary<string, string> settings) =>
        ((string[])["Clustering", "GrainStorage__Default", "Reminders"])
            .SelectMany(place => settings.Add("ProviderType", provider)
                .Select(setting => KeyValuePair.Create($"Orleans__{place}__{setting.Key}", setting.Value)))
            .ToImmutableDictionary(StringComparer.Ordinal);
}
