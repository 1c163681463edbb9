using System.Globalization;
using System.Text;

namespace OrleansScheduler.Core;

/// <summary>A place in a template where addresses stand.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Port">Which of its ports.</param>
public readonly record struct ServiceReference(JobKey Service, string Port);

/// <summary>
/// The text of a template. All there is to its language is <c>${service:ROLE/ENV/NAME:PORT}</c>: the addresses of the service's healthy
/// instances, <c>host:port</c> with commas between, in the order of their numbers; nothing where there are none. Other <c>${…}</c> is the
/// text's own, but for the names that commands know too.
/// </summary>
public sealed class ServiceTemplate
{
    /// <summary>Most references of one template.</summary>
    public const int MaxReferences = 64;

    private const string Open = "${service:";

    private readonly ImmutableArray<(string Text, ServiceReference? Reference)> _parts;

    private ServiceTemplate(ImmutableArray<(string Text, ServiceReference? Reference)> parts) => _parts = parts;

    /// <summary>The services that it names.</summary>
    public IEnumerable<JobKey> Services =>
        _parts.Where(part => part.Reference is not null).Select(part => part.Reference!.Value.Service).Distinct();

    /// <summary>Reads a text, or says what is wrong with it.</summary>
    public static Answer<ServiceTemplate> Parse(string text)
    {
        var parts = ImmutableArray.CreateBuilder<(string, ServiceReference?)>();
        var at = 0;
        while (text.IndexOf(Open, at, StringComparison.Ordinal) is >= 0 and var open)
        {
            var start = open + Open.Length;
            var close = text.IndexOf('}', start);
            var inner = close < 0 ? text[start..Math.Min(text.Length, start + 80)] : text[start..close];
            var colon = inner.LastIndexOf(':');
            var written = FieldWords.Show(Open + inner + (close < 0 ? "" : "}"));
            if (close < 0 || colon < 0 || !JobKey.TryParse(inner[..colon], out var key) || !PortName.IsValid(inner[(colon + 1)..]))
                return Bad($"{written} is no reference; write ${{service:role/env/name:port}}.");
            if (open > at) parts.Add((text[at..open], null));
            parts.Add(("", new ServiceReference(key, inner[(colon + 1)..])));
            at = close + 1;
        }

        if (at < text.Length) parts.Add((text[at..], null));
        if (parts.Count(part => part.Item2 is not null) > MaxReferences)
            return Bad($"A template has at most {MaxReferences} references to services; write several templates.");
        return new ServiceTemplate(parts.ToImmutable());
    }

    /// <summary>The text as it is to stand in the file.</summary>
    /// <param name="addresses">Where a service is, in the order in which it is to be said.</param>
    /// <param name="substitute">Replaces the names that commands know.</param>
    public string Render(Func<ServiceReference, IEnumerable<(string Host, int Port)>> addresses, Func<string, string> substitute)
    {
        var text = new StringBuilder();
        foreach (var (literal, reference) in _parts)
        {
            if (reference is { } named) text.AppendJoin(',', addresses(named).Select(Written));
            else text.Append(substitute(literal));
        }

        return text.ToString();
    }

    /// <summary>An address of version 6 has colons of its own.</summary>
    private static string Written((string Host, int Port) address)
    {
        var host = address.Host.Contains(':') ? $"[{address.Host}]" : address.Host;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{address.Port}");
    }

    private static Problem Bad(string message) => Problem.Of(ProblemKind.Invalid, JobCode.TemplateReference, message);
}
