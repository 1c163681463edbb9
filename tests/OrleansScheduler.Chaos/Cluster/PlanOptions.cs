using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Chaos;

/// <summary>Options that every command has: what the cell is made of, and how results are printed.</summary>
internal sealed class PlanOptions
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    private readonly Option<StoreKind> _store = new("--profile") { Description = "Where the cell keeps its state" };
    private readonly Option<int> _silos = new("--silos") { Description = "How many silos", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _gateways = new("--gateways") { Description = "How many gateways" };
    private readonly Option<int> _agents = new("--agents") { Description = "How many agents" };
    private readonly Option<bool> _namespaces = new("--namespaces") { Description = "Own network for each process; needs root" };
    private readonly Option<string?> _from = new("--from")
    {
        Description = "Directory with the build of osched that the cell is started from; the one beside this program when not given",
    };

    private readonly Option<string?> _logs = new("--logs") { Description = "Directory that keeps logs and sandboxes" };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Let the processes log information too" };
    private readonly Option<string[]> _set = new("--set") { Description = "A setting, such as Cell__ResendAfter=00:00:01" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "text or json", DefaultValueFactory = _ => "text" };

    private readonly bool _choosesNamespaces;

    /// <param name="gateways">How many gateways there are when nobody says.</param>
    /// <param name="agents">How many agents there are when nobody says.</param>
    /// <param name="choosesNamespaces">Whether the command decides itself about namespaces.</param>
    public PlanOptions(int gateways = 1, int agents = 3, bool choosesNamespaces = false)
    {
        (_gateways.DefaultValueFactory, _agents.DefaultValueFactory) = (_ => gateways, _ => agents);
        _choosesNamespaces = choosesNamespaces;
    }

    public void AddTo(Command command)
    {
        Option[] all = [_store, _silos, _gateways, _agents, _from, _logs, _verbose, _set, _output];
        foreach (var option in all) command.Add(option);
        if (!_choosesNamespaces) command.Add(_namespaces);
        _output.AcceptOnlyFromAmong("text", "json");
    }

    public ClusterPlan Read(ParseResult parse) => new()
    {
        Store = parse.GetValue(_store),
        Silos = parse.GetValue(_silos),
        Gateways = parse.GetValue(_gateways),
        Agents = parse.GetValue(_agents),
        Namespaces = !_choosesNamespaces && parse.GetValue(_namespaces),
        Executable = parse.GetValue(_from) is { } from ? Osched(from) : ClusterDriver.Osched,
        Directory = parse.GetValue(_logs) is { } directory ? Path.GetFullPath(directory) : null,
        Verbose = parse.GetValue(_verbose),
        Settings = (parse.GetValue(_set) ?? []).Select(setting => setting.Split('=', 2))
            .ToImmutableDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "", StringComparer.Ordinal),
    };

    public void Print(ParseResult parse, object result) =>
        Console.WriteLine(parse.GetValue(_output) == "json" ? JsonSerializer.Serialize(result, Json) : result);

    private static string Osched(string directory)
    {
        var osched = Path.GetFullPath(Path.Combine(directory, "osched"));
        return File.Exists(osched) ? osched : throw new FileNotFoundException("--from has no osched", osched);
    }
}
