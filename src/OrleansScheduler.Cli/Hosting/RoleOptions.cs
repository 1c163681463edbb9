using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary>Options that the long-running roles share.</summary>
internal static class RoleOptions
{
    /// <summary>A file of settings.</summary>
    public static Option<string?> Config()
    {
        var option = new Option<string?>("--config")
        {
            Description = "JSON file with settings; environment variables such as Cell__Name win over it",
            HelpName = "file",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { } path) return;
            try
            {
                _ = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false, reloadOnChange: false).Build();
            }
            catch (FileNotFoundException)
            {
                result.AddError($"--config: there is no file {path}");
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                result.AddError($"--config: {path} cannot be read: {e.GetBaseException().Message}");
            }
        });
        return option;
    }

    /// <summary>More logs.</summary>
    public static Option<bool> Verbose() => new("--verbose", "-v") { Description = "Log information too, not only warnings" };

    /// <summary>Where metrics and health checks are served.</summary>
    public static Option<string> Metrics(string otherwise) => Address(
        "--metrics", "Where /metrics and /healthz are served; off serves none", otherwise, "off");

    /// <summary>An address option.</summary>
    public static Option<string> Address(string name, string description, string otherwise, string? word = null)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "url", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && text != word && GlobalOptions.Address(text) is null)
            {
                result.AddError($"{name}: expected an address such as {otherwise}{(word is null ? "" : $", or {word}")}");
            }
        });
        return option;
    }

    /// <summary>A port number.</summary>
    public static Option<int?> Port(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "port" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 65534) result.AddError($"{name}: expected a port from 1 to 65534");
        });
        return option;
    }
}
