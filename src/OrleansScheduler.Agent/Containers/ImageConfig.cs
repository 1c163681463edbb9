using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansScheduler.Agent;

/// <summary>What an image says about how it is to be run.</summary>
internal sealed record ImageConfig
{
    public string Architecture { get; init; } = "";

    public ImmutableArray<string> Env { get; init; } = [];

    public ImmutableArray<string> Entrypoint { get; init; } = [];

    public ImmutableArray<string> Command { get; init; } = [];

    public string? User { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>Digests of the layers, unpacked.</summary>
    public ImmutableArray<string> Layers { get; init; } = [];

    /// <summary>This node's architecture, as images name it.</summary>
    public static string OwnArchitecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>Refuses an image for other machines.</summary>
    /// <exception cref="TaskStartException">It is for another architecture.</exception>
    public static void CheckArchitecture(string image, string architecture)
    {
        if (architecture.Length > 0 && architecture != OwnArchitecture)
            throw new TaskStartException($"The image {image} is for {architecture}, and this node is {OwnArchitecture}.");
    }

    /// <summary>Reads the configuration of an OCI or Docker image.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static ImageConfig Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("an image's configuration is an object");
        var run = Member(root, "config", JsonValueKind.Object);
        return new()
        {
            Architecture = Text(root, "architecture") ?? "",
            Env = Texts(run, "Env"),
            Entrypoint = Texts(run, "Entrypoint"),
            Command = Texts(run, "Cmd"),
            User = Text(run, "User"),
            WorkingDirectory = Text(run, "WorkingDir"),
            Layers = Texts(Member(root, "rootfs", JsonValueKind.Object), "diff_ids"),
        };
    }

    /// <summary>The words that are run: the job's where it says something, else the image's, as Docker puts them together.</summary>
    /// <exception cref="TaskStartException">Neither says anything.</exception>
    public ImmutableArray<string> Arguments(TaskSpec spec, TaskEnvironment environment)
    {
        var own = spec.Container.Entrypoint;
        ImmutableArray<string> command = [.. spec.Command.Select(environment.Substitute)];
        ImmutableArray<string> words = own is not []
            ? [.. own.Select(environment.Substitute), .. command]
            : [.. Entrypoint, .. command is [] ? Command : command];
        return words is not [] ? words : throw new TaskStartException("Neither the job nor its image says what to run.");
    }

    internal static string? Text(JsonElement? of, string name) =>
        Member(of, name, JsonValueKind.String)?.GetString() is { Length: > 0 } text ? text : null;

    internal static ImmutableArray<string> Texts(JsonElement? of, string name) => Member(of, name, JsonValueKind.Array) is { } array
        ? [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    internal static JsonElement? Member(JsonElement? of, string name, JsonValueKind kind) =>
        of is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) && value.ValueKind == kind
            ? value : null;
}
