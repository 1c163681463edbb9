using System.Globalization;

namespace OrleansScheduler.Client;

/// <summary>Builds paths with queries; what is null is left out.</summary>
internal static class Query
{
    public static string Path(string path, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (value is null) continue;
            path += $"{separator}{name}={Uri.EscapeDataString(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")}";
            separator = '&';
        }

        return path;
    }
}
