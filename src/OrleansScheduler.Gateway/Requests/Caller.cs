namespace OrleansScheduler.Gateway;

/// <summary>Who sent a request. The one place that answers it.</summary>
internal static class Caller
{
    /// <summary>
    /// The name that commands carry and events show. Everybody is anonymous as long as the gateway does not authenticate.
    /// </summary>
    public static string Of(HttpContext context) => context.User.Identity?.Name ?? "anonymous";

    /// <summary>Whom limits are counted for: the authenticated name, else the address that the connection comes from.</summary>
    public static string PrincipalOf(HttpContext context) =>
        context.User.Identity?.Name ?? context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}
