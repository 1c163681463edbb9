using System.Reflection;

namespace OrleansScheduler.Core;

/// <summary>Texts that are part of the program itself.</summary>
internal static class EmbeddedText
{
    private static readonly Assembly Program = typeof(EmbeddedText).Assembly;

    public static ImmutableArray<string> Names { get; } = [.. Program.GetManifestResourceNames()];

    public static string Read(string name)
    {
        using var stream = Program.GetManifestResourceStream(name)
            ?? throw new InvariantException($"the program lacks its resource {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
